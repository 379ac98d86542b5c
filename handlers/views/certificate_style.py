"""How a certificate's page looks on a screen and on paper."""

from typing import Final

STYLE: Final = """\
:root { color-scheme: light; }
body { font: 15px/1.5 Georgia, "Times New Roman", serif; color: #1a1a1a; background: #fff; max-width: 46rem;
  margin: 2rem auto; padding: 0 1.25rem; overflow-wrap: break-word; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .5rem; padding-top: .6rem; border-top: 2px solid #1a1a1a; }
h3 { font-size: 1rem; margin: 1.5rem 0 .25rem; }
h4 { font-size: .9rem; margin: .8rem 0 .2rem; font-weight: bold; }
p { margin: .3rem 0; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
.quiet { color: #555; font-size: .9rem; }
.answer { border: 2px solid #1a1a1a; padding: .7rem 1rem; margin: 1rem 0; font-size: 1.1rem; font-weight: bold; }
.loud { border-left: 6px solid #a40000; background: #fbeeee; padding: .4rem .8rem; margin: .6rem 0; }
.state { font-weight: bold; }
.shown { white-space: pre-wrap; background: #f4f4f1; border-left: 3px solid #999; padding: .4rem .8rem; margin: .3rem 0;
  font-size: .9rem; }
.said { white-space: pre-wrap; font-style: italic; margin: .2rem 0 .2rem 1rem; }
.code { font: .8rem/1.4 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere;
  background: #f4f4f1; padding: .5rem .8rem; margin: .4rem 0; }
dl { display: grid; grid-template-columns: minmax(8rem, 12rem) 1fr; gap: .15rem 1rem; margin: .5rem 0; }
dt { color: #555; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: .88rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #ccc;
  overflow-wrap: anywhere; }
td:nth-child(2):not(:last-child) { min-width: 8.5rem; }
th { color: #555; font-weight: normal; }
@media (max-width: 36rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; } }
@page { size: A4; margin: 18mm 16mm; @bottom-right { content: counter(page) " of " counter(pages); font-size: 9pt; } }
@media print {
  body { font-size: 10.5pt; max-width: none; margin: 0; padding: 0; }
  h2, h3, h4 { break-after: avoid; }
  .item, .answer, .loud, tr, dl { break-inside: avoid; }
  .shown, .code { background: none; border: 1px solid #999; }
  thead { display: table-header-group; }
}
"""
