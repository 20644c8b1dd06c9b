/** The look of the plots, in light and in dark; for the page and for pictures of their own. */

/** Light, dark; told apart by lightness as well as by hue. */
const COLOURS: Record<string, [light: string, dark: string]> = {
  tsmpi: ["#0b5bd3", "#6cb0ff"],
  "tsmpi-awaited": ["#0a7d91", "#4fd0e0"],
  "tsmpi-sync": ["#0a7d91", "#4fd0e0"],
  openmpi: ["#c2500a", "#ff9d57"],
  mpich: ["#1b7a35", "#5fcf78"],
  mpi4py: ["#7a3fc4", "#c6a0ff"],
  ipc: ["#6a7078", "#a4abb5"],
  worker: ["#b02a7c", "#ff8ac6"],
};

function colours(which: 0 | 1): string {
  return Object.entries(COLOURS)
    .map(([key, pair]) => `.s-${key}{--c:${pair[which]}}`)
    .join("");
}

export const plotStyle = `
.plot{--ground:#fff;--ink:#1c2430;--faint:#5c6673;--grid:#e3e7ec;font-family:system-ui,"Segoe UI","DejaVu Sans",sans-serif}
${colours(0)}
@media (prefers-color-scheme:dark){.plot{--ground:#161b22;--ink:#e8edf3;--faint:#9aa5b1;--grid:#2b333d}${colours(1)}}
.plot .ground{fill:var(--ground)}
.plot .title{fill:var(--ink);font-size:15px;font-weight:600}
.plot .axis{fill:var(--faint);font-size:11.5px}
.plot .tick{fill:var(--faint);font-size:11px}
.plot .grid{stroke:var(--grid);stroke-width:1}
.plot .series polyline{fill:none;stroke:var(--c);stroke-width:1.8;stroke-linejoin:round}
.plot .s-tsmpi polyline{stroke-width:3}
.plot .series circle{fill:var(--c)}
.plot .leader{stroke:var(--c);stroke-width:.8;opacity:.6}
.plot .label{fill:var(--c);font-size:12px;font-weight:500}
.plot .s-tsmpi .label{font-weight:700}
`.trim();
