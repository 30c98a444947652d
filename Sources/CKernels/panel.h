#ifndef PANEL_H
#define PANEL_H

// Outputs of a panel (pack.h).
enum { PANEL = 64 };

#endif
