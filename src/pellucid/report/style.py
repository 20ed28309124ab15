"""How the report looks: one style sheet for light, dark, phone and paper."""

from __future__ import annotations

__all__ = ["STYLE"]

_LIGHT = """
  --paper: #f7f6f2; --card: #ffffff; --ink: #1f2630; --muted: #667080; --grid: #e6e4de;
  --first: #2f6fba; --second: #d66024; --first-soft: #c1d4ea; --second-soft: #f3cfbd;
  --right: 47, 111, 186; --wrong: 222, 106, 36;"""

_RULES = """
:root { color-scheme: light dark;LIGHT
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Georgia, serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #14171c; --card: #1c2027; --ink: #e6e8ec; --muted: #98a2b1; --grid: #2e343e;
  --first: #6aa6ee; --second: #f08a4b; --first-soft: #374f6d; --second-soft: #664534;
  --right: 84, 148, 224; --wrong: 232, 120, 52; }
  .units img { filter: brightness(1.4); } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 var(--sans); -webkit-text-size-adjust: 100%; }
main { max-width: 66rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
h1, h2 { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: balance; }
h1 { font-size: clamp(1.8rem, 5vw, 2.6rem); margin: 0 0 .4rem; overflow-wrap: anywhere; }
h2 { font-size: 1.55rem; margin: 3.2rem 0 1rem; }
h3 { font-size: 1rem; font-weight: 600; margin: 0 0 .5rem; overflow-wrap: anywhere; }
section > h3 { margin-top: 1.6rem; }
p { max-width: 44rem; margin: 0 0 1rem; }
code, pre { font-family: var(--mono); font-size: .9em; }
pre { background: var(--card); border: 1px solid var(--grid); border-radius: 8px;
  padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.kind { color: var(--muted); font-size: .85rem; letter-spacing: .06em; margin: 0 0 .6rem; }
.lead { font-family: var(--serif); font-size: 1.2rem; margin-bottom: 1.6rem; }
.alarm { border-left: 4px solid var(--second); background: rgba(var(--wrong), .12);
  padding: .8rem 1rem; border-radius: 0 8px 8px 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr));
  gap: .75rem; margin: 0; }
.cards div { background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  padding: .7rem .9rem; }
.cards dt { color: var(--muted); font-size: .82rem; }
.cards dd { margin: .1rem 0 0; font-size: 1.35rem; font-weight: 600;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: 1.6rem 0 0; font-size: .92rem; }
a { color: var(--first); text-underline-offset: .2em; text-decoration-thickness: 1px; }
.two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem;
  align-items: start; }
.two > figure:first-child:nth-last-child(3) { grid-row: span 2; }
.one { max-width: 44rem; }
figure { margin: 0 0 1rem; background: var(--card); border: 1px solid var(--grid);
  border-radius: 10px; padding: 1rem 1.1rem; min-width: 0; break-inside: avoid; }
.two figure { margin: 0; height: 100%; }
figcaption { color: var(--muted); font-size: .9rem; line-height: 1.45; margin-top: .6rem; }
.plot svg { display: block; width: 100%; height: auto; stroke-linejoin: round; }
.plot text { font-family: var(--sans) !important; }
.key { display: inline-flex; flex-wrap: wrap; gap: .2rem .9rem; font-weight: 400;
  font-size: .88rem; color: var(--muted); }
h3 .key { margin-left: 1rem; }
.key i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .4em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .92rem; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .65rem; text-align: right; white-space: nowrap; }
thead th { color: var(--muted); font-weight: 500; vertical-align: bottom; }
tbody th { font-weight: 500; text-align: left; max-width: 16rem; overflow: hidden;
  text-overflow: ellipsis; }
thead th:first-child { text-align: left; }
tbody tr + tr > * { border-top: 1px solid var(--grid); }
table.plain tbody th { max-width: none; }
table.plain td:nth-child(2), table.plain th:nth-child(2) { text-align: left; }
table.pairs tbody th { max-width: 28rem; white-space: pre-wrap; }
table.pairs :is(th, td):not(:last-child) { text-align: left; }
table.confusion { border-collapse: separate; border-spacing: 2px; table-layout: fixed;
  width: 100%; min-width: calc(var(--first) + var(--n) * 2.5em); }
table.confusion th { font-weight: 500; padding: .25rem .2rem; overflow: hidden;
  text-overflow: ellipsis; }
table.confusion th:first-child { width: var(--first); }
table.confusion tbody tr > * { border: 0; }
table.confusion thead th { text-align: center; }
table.confusion td { padding: 0; text-align: center; }
table.confusion td span { display: block; padding: .42rem .2rem; border-radius: 4px; }
table.confusion .right { background: rgba(var(--right), var(--s)); }
table.confusion .wrong { background: rgba(var(--wrong), var(--s)); }
table.confusion .none { color: var(--muted); opacity: .45; }
table.dense { font-size: .74rem; border-spacing: 1px; }
table.dense td span { padding: .28rem .1rem; min-width: 1.9em; }
table.scores { width: 100%; }
table.scores th, table.scores td { padding: .25rem .2rem; font-size: .86rem; }
.bar { display: block; padding: .05rem .3rem; border-radius: 3px;
  background: linear-gradient(to right, rgba(var(--right), .22) var(--w), transparent 0); }
.gallery, .units { list-style: none; margin: 0; padding: 0; display: grid; }
.gallery { grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .75rem; }
.gallery li { background: var(--card); border: 1px solid var(--grid); border-radius: 10px;
  padding: .55rem; font-size: .85rem; line-height: 1.4; color: var(--muted); break-inside: avoid;
  overflow-wrap: anywhere; }
.gallery b { color: var(--ink); font-weight: 600; }
.gallery img, .units img { display: block; width: 100%; image-rendering: pixelated; }
.gallery img { border-radius: 5px; margin-bottom: .4rem; background: #000; }
.sheet img { display: block; width: 100%; image-rendering: pixelated; border-radius: 4px; }
.sheet + .sheet { margin-top: .7rem; }
.units { grid-template-columns: repeat(16, minmax(0, 1fr)); gap: .4rem; }
.units li { background: var(--card); border: 1px solid var(--grid); border-radius: 5px;
  overflow: hidden; break-inside: avoid; }
section > dl, details > dl { display: grid; gap: 0 2.5rem; margin: 0 0 1rem;
  grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); font-size: .92rem; }
section > dl div, details > dl div { display: flex; justify-content: space-between; gap: 1rem;
  border-top: 1px solid var(--grid); padding: .3rem 0; }
section > dl dt, details > dl dt { color: var(--muted); }
section > dl dd, details > dl dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; margin-bottom: .8rem; }
@media (max-width: 56rem) {
  main { padding: 1.5rem .9rem 3rem; }
  .two { grid-template-columns: minmax(0, 1fr); }
  .two > figure:first-child:nth-last-child(3) { grid-row: auto; }
  figure { padding: .8rem .75rem; }
  h3 .key { margin-left: 0; display: flex; }
  .cards { grid-template-columns: repeat(auto-fill, minmax(7.6rem, 1fr)); gap: .5rem; }
  .cards dd { font-size: 1.15rem; }
  table.confusion { font-size: .76rem; border-spacing: 1px; }
  table.confusion th { padding: .2rem .1rem; }
  .gallery { grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); gap: .5rem; }
  .units { grid-template-columns: repeat(8, minmax(0, 1fr)); gap: .25rem; } }
@media print {
  :root {LIGHT
    --paper: #ffffff; }
  .units img { filter: none; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  nav { display: none; }
  h2 { break-after: avoid; margin-top: 1.6rem; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""

STYLE = _RULES.replace("LIGHT", _LIGHT)
