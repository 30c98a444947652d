/// The page's style, light and dark, for screens from the width of a phone up.
enum PageStyle {
  static let css = """
    :root{color-scheme:light dark;--ground:#fff;--raised:#f5f6f8;--ink:#1c1e21;--soft:#55595f;--line:#d5d8dc;\
    --link:#0b5cad;--good:#1b7a3d;--bad:#b3261e}
    @media (prefers-color-scheme:dark){:root{--ground:#16181b;--raised:#1f2226;--ink:#e6e6e6;--soft:#a9adb3;\
    --line:#3b3f45;--link:#6db3ff;--good:#62d28b;--bad:#ff8a80}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;\
    overflow-wrap:anywhere}
    header,main,footer{max-width:1160px;margin:0 auto;padding:0 20px}
    header{padding-top:28px}
    h1{font-size:1.7rem;line-height:1.2;margin:0 0 .3em}
    h2{font-size:1.25rem;margin:2.2em 0 .5em;border-top:1px solid var(--line);padding-top:1em}
    h3{font-size:1.05rem;margin:1.6em 0 .4em}
    p{max-width:75ch;margin:.5em 0}
    a{color:var(--link)}
    nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:14px 0 0}
    dl.facts{display:flex;flex-wrap:wrap;gap:10px 32px;margin:18px 0 0}
    dl.facts div{min-width:0}
    dt,.soft,footer{color:var(--soft);font-size:.875rem}
    dd{margin:0}
    .notice{border-left:4px solid var(--bad);background:var(--raised);padding:10px 14px}
    .scroll{overflow-x:auto;max-width:100%;margin:.8em 0;border-right:1px solid var(--line);scrollbar-width:thin;\
    scrollbar-color:var(--soft) var(--raised)}
    .scroll:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
    .chart svg{display:block;width:100%;min-width:640px;max-width:980px;height:auto}
    table{border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}
    caption{text-align:left;color:var(--soft);padding-bottom:6px;max-width:min(75ch,100vw - 40px)}
    th,td{padding:5px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:top}
    thead th{vertical-align:bottom;background:var(--raised);white-space:normal;overflow-wrap:normal}
    th[scope=row],td.text,thead th.text{text-align:left}
    tbody th{font-weight:600}
    th[scope=row],td.text{white-space:normal;overflow-wrap:break-word;max-width:min(22em,45vw)}
    td.long{white-space:normal;min-width:14em;max-width:34em;text-align:left}
    .interval{display:block;color:var(--soft)}
    .options{display:block;font-size:.75rem;font-weight:400;color:var(--soft)}
    th[scope=row].spec{min-width:17em}
    @media (max-width:700px){th[scope=row].spec{min-width:0}\
    .options{max-width:9em;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}}
    summary{cursor:pointer;color:var(--link);font-size:.875rem}
    .good{color:var(--good)}.bad{color:var(--bad)}
    .bars{display:flex;width:160px;height:14px;margin-top:4px}
    .bars span{flex:1;display:flex}.bars span:first-child{justify-content:flex-end}
    .bars i{display:block;height:100%;background:var(--bad)}.bars span:last-child i{background:var(--good)}
    .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(124px,1fr));gap:14px;margin:.8em 0}
    figure{margin:0}
    figure img{display:block;width:100%;height:auto;border-radius:4px}
    figcaption{font-size:.875rem;margin-top:4px}
    footer{padding:2.5em 20px 3em}

    """
}
