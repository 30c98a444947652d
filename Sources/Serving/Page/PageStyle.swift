/// The page's style, light and dark, for screens from the width of a phone up.
enum PageStyle {
  static let css = """
    :root{color-scheme:light dark;--ground:#fff;--raised:#f4f5f7;--ink:#1b1d20;--soft:#565b62;--line:#c9cdd2;\
    --strong:#0b5cad;--on:#fff;--bad:#b3261e}
    @media (prefers-color-scheme:dark){:root{--ground:#16181b;--raised:#1f2226;--ink:#e8e8e8;--soft:#aab0b7;\
    --line:#464b52;--strong:#6db3ff;--on:#10151b;--bad:#ff8a80}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
    header,main{max-width:1080px;margin:0 auto;padding:0 20px}
    header{padding-top:24px}
    main{padding-bottom:48px}
    h1{font-size:1.5rem;line-height:1.2;margin:0}
    h2{font-size:1.1rem;margin:0 0 .4em}
    p{margin:.3em 0}
    .soft{color:var(--soft);font-size:.875rem}
    form{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:16px 20px;margin:18px 0 24px}
    .drop,.wide{grid-column:1/-1}
    .drop{border:2px dashed var(--line);border-radius:10px;background:var(--raised);padding:14px 16px}
    .drop.over{border-color:var(--strong)}
    label{display:block;font-weight:600;margin-bottom:4px}
    .check{display:flex;align-items:center;gap:8px;align-self:end;min-height:42px}
    .check label{margin:0;font-weight:400}
    .check input{width:18px;height:18px;margin:0}
    input,select,button{font:inherit;color:inherit}
    input[type=text],input[type=password],select{width:100%;min-height:42px;padding:6px 10px;\
    background:var(--ground);border:1px solid var(--line);border-radius:8px}
    input[type=file]{max-width:100%}
    input[type=range]{width:100%;min-height:42px;margin:0;accent-color:var(--strong)}
    output{font-variant-numeric:tabular-nums}
    button{min-height:44px;padding:8px 28px;border:0;border-radius:8px;background:var(--strong);color:var(--on);\
    font-weight:600;cursor:pointer;margin-right:12px}
    button:disabled{opacity:.6;cursor:default}
    summary{cursor:pointer;color:var(--soft);font-size:.875rem}
    details[open] summary{margin-bottom:8px}
    :focus-visible{outline:3px solid var(--strong);outline-offset:2px}
    .error{border-left:4px solid var(--bad);background:var(--raised);padding:10px 14px}
    .answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:20px}
    section{border:1px solid var(--line);border-radius:10px;padding:16px;min-width:0}
    section[hidden]{display:none}
    .text{font-size:1.15rem;white-space:pre-wrap;min-height:1.5em}
    .kept{font-weight:600}
    canvas{display:block;width:100%;height:auto;border-radius:6px;margin:10px 0}
    table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums;margin-top:10px}
    caption{text-align:left;color:var(--soft)}
    th,td{padding:4px 0;border-top:1px solid var(--line);text-align:right;font-weight:400}
    th{text-align:left}
    @media (max-width:700px){form{grid-template-columns:minmax(0,1fr)}}

    """
}
