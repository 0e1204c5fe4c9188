// Who spends, the latest calls with how they are known, and the calls under way.
import { h } from './vendor/preact.mjs';
import htm from './vendor/htm.mjs';

const html = htm.bind(h);
const MARKS = { reported: 'full', tokenizer: 'most', estimated: 'half', assumed: 'hollow' };
const sum = (quantities, names) => names.reduce((total, name) => total + BigInt(quantities[name] || 0), 0n);

export function Who({ f, data }) {
  const w = f.words;
  if (!data.spenders.length) return html`<section class="card who"><h2>${w['who.title']}</h2><p class="note">${w['who.none']}</p></section>`;
  return html`<section class="card who"><h2>${w['who.title']}</h2><div class="scroll" tabindex="0" role="region" aria-label=${w['who.title']}><table>
    <thead><tr><th scope="col">${w.key} · ${w.project}</th><th scope="col" class="figure">${w.calls}</th><th scope="col" class="figure">${w.cost}</th><th scope="col" class="figure">${w.mean7}</th></tr></thead>
    <tbody>${data.spenders.map((each) => html`<tr key=${`${each.key}\n${each.project}`}>
      <th scope="row"><span class="name">${each.key || w.no_key}</span>${each.project && html`<small>${each.project}</small>`}
        <i class="share" style=${{ width: `${Number(each.share_percent)}%` }}></i></th>
      <td class="figure">${f.number(each.calls)}</td><td class="figure strong">${f.money(each.cost_usd)}</td>
      <td class="figure muted">${f.money(each.day_before_usd)}</td></tr>`)}</tbody></table></div>
    ${data.more_spenders > 0 && html`<p class="note">${f.t('who.more', { n: data.more_spenders })}</p>`}</section>`;
}

export function Mark({ f, known }) {
  return html`<i class=${`mark mark-${MARKS[known]}`} role="img" aria-label=${f.words[`known.${known}`]} title=${f.words[`known.${known}`]}></i>`;
}

// What a call used, in a few words. Whole numbers, so nothing is rounded.
function used(f, call) {
  const q = call.quantities;
  const input = sum(q, ['input_tokens', 'cached_input_tokens']);
  const output = sum(q, ['output_tokens', 'thought_tokens']);
  const said = [];
  if (input || output) said.push(f.t('tokens', { in: f.number(input), out: f.number(output) }));
  if (q.audio_milliseconds) said.push(f.t('audio', { n: f.number(Number(q.audio_milliseconds) / 60000, 0, 1) }));
  if (!said.length && q.characters) said.push(f.number(q.characters));
  if (call.outcome !== 'ok') said.push(f.words[`outcome.${call.outcome}`]);
  return said.join(' · ') || '–';
}

export function Calls({ f, data }) {
  const w = f.words;
  if (!data.calls.length) return html`<section class="card calls"><h2>${w['calls.title']}</h2><p class="note">${w['calls.none']}</p></section>`;
  const today = f.date(data.as_of);
  return html`<section class="card calls"><div class="row"><h2>${w['calls.title']}</h2>
    <ul class="key marks">${Object.keys(MARKS).map((each) => html`<li key=${each}><${Mark} f=${f} known=${each} />${w[`known.${each}`]}</li>`)}</ul></div>
    <div class="scroll" tabindex="0" role="region" aria-label=${w['calls.title']}><table>
    <thead><tr><th scope="col">${w.at}</th><th scope="col">${w.model}</th><th scope="col">${w.key}</th><th scope="col">${w.amount}</th><th scope="col"><span class="unseen">${w.known}</span></th><th scope="col" class="figure">${w.cost}</th></tr></thead>
    <tbody>${data.calls.map((call) => html`<tr key=${call.id}>
      <td class="muted">${f.date(call.at) === today ? '' : `${f.date(call.at)} `}${f.clock(call.at, f.zone, true)}</td>
      <th scope="row"><span class="name">${call.model || call.provider}</span><small>${call.provider} · ${call.operation}</small></th>
      <td>${call.scope.key || call.scope.project || '–'}</td><td class="muted">${used(f, call)}</td>
      <td class="known"><${Mark} f=${f} known=${call.provenance} /></td><td class="figure">${f.money(call.cost_usd)}</td></tr>`)}</tbody></table></div></section>`;
}

export function Open({ f, data }) {
  const w = f.words;
  return html`<section class="card open"><h2>${w['open.title']} ${data.open_count > 0 && html`<span class="chip is-ok">${f.number(data.open_count)}</span>`}</h2>
    ${!data.open_calls.length && html`<p class="note">${w['open.none']}</p>`}
    <ul>${data.open_calls.map((call, i) => html`<li key=${`${call.at}${i}`}><i class="pulse"></i>
      <div><span class="name">${call.model || call.provider}</span><small>${call.scope.key || call.operation} · ${f.t('for', { time: f.duration(call.at, data.as_of) })}</small></div>
      <span class="figure">${f.t('open.at_most', { amount: f.money(call.cost_usd) })}</span></li>`)}</ul>
    ${data.open_count > data.open_calls.length && html`<p class="note">${f.t('open.more', { n: f.number(data.open_count - data.open_calls.length) })}</p>`}</section>`;
}
