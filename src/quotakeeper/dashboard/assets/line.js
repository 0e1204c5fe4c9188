// Today's cost as a line: spent so far, the budget, and the forecast with its band.
import { Component, h } from './vendor/preact.mjs';

// Text to a position on the screen; figures that are shown come from the text itself.
const at = (text) => (text === null || text === undefined ? null : Number(text));

function series(overview) {
  const { line, today } = overview;
  const limit = today.limit;
  const found = limit && limit.forecast;
  const points = new Map(line.points);
  const xs = [...points.keys()].sort((a, b) => a - b);
  const last = line.points[line.points.length - 1][1];
  if (line.now < line.minutes) xs.push(line.minutes);
  const end = xs.length - 1;
  const spent = xs.map((x) => (points.has(x) ? at(points.get(x)) : null));
  const ahead = (text) => xs.map((x, i) => (x === line.now ? at(last) : i === end && found ? at(text) : null));
  const budget = xs.map(() => (limit ? at(limit.amount) : null));
  const none = xs.map(() => null);
  return [xs, spent, found ? ahead(found.projected) : none, found ? ahead(found.projected_high) : none,
    found ? ahead(found.projected_low) : none, budget];
}

export class Line extends Component {
  constructor() {
    super();
    this.keep = (element) => { this.box = element || this.box; };
  }

  componentDidMount() {
    this.draw();
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(this.box);
    this.scheme = matchMedia('(prefers-color-scheme: dark)');
    this.again = () => this.draw();
    this.scheme.addEventListener('change', this.again);
  }

  componentDidUpdate(before) {
    const { theme, f, overview } = this.props;
    if (before.theme !== theme || before.f.lang !== f.lang || !this.plot) this.draw();
    else if (before.overview !== overview) this.plot.setData(series(overview));
  }

  componentWillUnmount() {
    this.watch.disconnect();
    this.scheme.removeEventListener('change', this.again);
    this.plot.destroy();
  }

  size() {
    return { width: Math.max(200, this.box.clientWidth), height: this.box.clientWidth < 420 ? 190 : 330 };
  }

  resize() {
    const size = this.size();
    if (size.width !== this.plot.width) this.plot.setSize(size);
  }

  draw() {
    if (this.plot) this.plot.destroy();
    const style = getComputedStyle(this.box);
    // A canvas cannot read light-dark(), so each colour is taken from an element that uses it.
    const colour = (name) => getComputedStyle(this.box.querySelector(`.ink-${name}`)).color;
    const { f, overview } = this.props;
    const font = `12px ${style.fontFamily}`;
    const axis = { stroke: colour('muted'), font, grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false } };
    const line = (ink, more) => ({ stroke: colour(ink), width: 2, points: { show: false }, spanGaps: false, ...more });
    const ahead = { dash: [4, 4], spanGaps: true };
    const top = (data) => Math.max(...data.slice(1).flat().filter((each) => each !== null)) || 1;
    this.plot = new uPlot({
      ...this.size(),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 16, 0, 0],
      scales: { x: { time: false, range: () => [0, overview.line.minutes] },
        y: { range: (plot) => [0, top(plot.data) * 1.08] } },
      axes: [
        { ...axis, size: 28, splits: () => [0, 6, 12, 18, 24].map((each) => each * 60), values: (_, all) => all.map((each) => `${each / 60}${f.lang === 'vi' ? 'h' : ':00'}`) },
        { ...axis, size: 56, values: (_, all) => all.map((each) => (f.lang === 'vi' ? `${f.number(each, 0, 6)} $` : `$${f.number(each, 0, 6)}`)) },
      ],
      series: [{}, line('spent', { fill: colour('area'), width: 2.5 }), line('spent', ahead),
        line('none', { spanGaps: true, width: 0 }), line('none', { spanGaps: true, width: 0 }), line('budget', { dash: [6, 4], width: 1.5, spanGaps: true })],
      bands: [{ series: [3, 4], fill: colour('band') }],
    }, series(overview), this.box);
    this.plot.root.setAttribute('aria-hidden', 'true'); // the caption and the table say the same
  }

  render() {
    const inks = ['muted', 'grid', 'spent', 'area', 'budget', 'band', 'none'];
    return h('div', { class: 'line', ref: this.keep }, inks.map((each) => h('i', { class: `ink ink-${each}`, key: each })));
  }
}
