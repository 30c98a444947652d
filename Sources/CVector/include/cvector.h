#ifndef CVECTOR_H
#define CVECTOR_H
#endif
