/**
 * How a report looks: nothing is fetched. Blue, vermilion and orange are told apart by the colour-blind, in light as in
 * dark (after Okabe and Ito), and no colour stands without words beside it.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1c1e21; --soft: #5d646c; --line: #e3e5e8; --idle: #eef0f2;
  --done: #0072b2; --failed: #d55e00; --again: #e69f00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131518; --card: #1b1e22; --ink: #e6e8ea; --soft: #9aa3ad; --line: #2e3339; --idle: #262a2f;
    --done: #4fa8dc; --failed: #f0803c; --again: #e6b040;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main { max-width: 62rem; margin: 0 auto; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.75rem 0 .25rem; }
p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 46rem; }
code, pre { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre {
  margin: 1rem 0; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card);
  white-space: pre-wrap; max-height: 16rem; overflow: auto;
}
.state {
  display: inline-block; margin-left: .6rem; padding: .1rem .6rem; border-radius: 1rem; border: 1px solid currentColor;
  font-size: .8rem; font-weight: 600; vertical-align: .25rem; color: var(--soft);
}
.state.is-done { color: var(--done); } .state.is-failed { color: var(--failed); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem 1.5rem; margin: 1.25rem 0 0; }
dt { font-size: .8rem; color: var(--soft); } dd { margin: 0; font-size: 1.05rem; font-variant-numeric: tabular-nums; }
dd small { display: block; font-size: .8rem; color: var(--soft); }
svg { display: block; width: 100%; height: auto; }
.meter { height: 10px; border-radius: 5px; margin: 1.25rem 0 .5rem; }
figure { margin: .5rem 0 0; padding: .75rem .5rem .25rem; border: 1px solid var(--line); border-radius: 6px; background: var(--card); overflow-x: auto; }
figure svg { min-width: 40rem; }
svg text { font-size: 12px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.axis line { stroke: var(--soft); } .axis .grid { stroke: var(--line); }
.done { fill: var(--done); } .failed { fill: var(--failed); } .again { fill: var(--again); } .idle { fill: var(--idle); }
.single { stroke: var(--card); stroke-width: .6; }
.mark line { stroke: var(--ink); stroke-dasharray: 3 3; } .mark text { fill: var(--ink); }
.lane text { fill: var(--ink); font-size: 11px; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .25rem 0 0; padding: 0; list-style: none; font-size: .85rem; color: var(--soft); }
.legend li::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .45em; border-radius: 2px; background: var(--swatch); vertical-align: -.05em; }
.legend .key-done { --swatch: var(--done); } .legend .key-failed { --swatch: var(--failed); }
.legend .key-again { --swatch: var(--again); } .legend .key-idle { --swatch: var(--idle); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; margin-top: .5rem; font-size: .9rem; font-variant-numeric: tabular-nums; }
th { text-align: left; font-size: .8rem; font-weight: 600; color: var(--soft); }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; overflow-wrap: normal; } .name { white-space: nowrap; }
.bar { width: 38%; } .bar svg { height: 12px; margin-top: .3rem; }
footer { margin-top: 3rem; font-size: .8rem; color: var(--soft); }
@media print { body { padding: 0; } figure, tr { break-inside: avoid; } figure svg { min-width: 0; } }
`;
