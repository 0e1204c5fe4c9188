// The overview in a file: drawn once, from the data in the file.
import { h, render } from './vendor/preact.mjs';
import htm from './vendor/htm.mjs';
import { Format, zoneOf } from './format.js';
import { Overview } from './overview.js';

const html = htm.bind(h);
const [data, words] = JSON.parse(document.getElementById('data').textContent);
const f = new Format(document.documentElement.lang, words, zoneOf(data.timezone));
render(html`<header><div class="brand"><span>quotakeeper</span></div><h1>${words.title}</h1>
  <span class="state"><i></i>${f.t('file.at', { at: `${f.clock(data.as_of)} ${f.date(data.as_of)}` })}</span></header>
  <main><${Overview} f=${f} data=${data} theme="auto" /></main>`, document.getElementById('app'));
