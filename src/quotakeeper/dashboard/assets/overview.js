// The first screen, in its order: the sentence, five numbers, three pictures, who spends, calls.
import { h } from './vendor/preact.mjs';
import htm from './vendor/htm.mjs';
import { Line } from './line.js';
import { Calls, Open, Who } from './tables.js';

const html = htm.bind(h);
const width = (percent) => ({ width: `${Math.min(100, Math.max(0, Number(percent) || 0))}%` });
// A part of a limit in percent, for the position of a mark only.
const share = (part, whole) => (Number(whole) > 0 ? (Number(part) / Number(whole)) * 100 : 0);

export function Overview({ f, data, state, theme }) {
  const at = f.clock(data.as_of, f.zone, true);
  return html`
    ${state === 'stale' && html`<p class="banner">${f.t('stale.why', { at })}</p>`}
    ${state === 'lost' && html`<p class="banner">${f.t('lost.why', { at })}</p>`}
    <${Sentence} f=${f} data=${data} />
    <section class="numbers" aria-label=${f.words.title}>
      <${Money} f=${f} data=${data} kind="today" wide /><${Money} f=${f} data=${data} kind="month" />
      <${FirstOut} f=${f} data=${data} /><${Minute} f=${f} data=${data} /><${Trust} f=${f} data=${data} />
    </section>
    <div class="grid">
      <${Today} f=${f} data=${data} theme=${theme} /><${Limits} f=${f} data=${data} />
      <${Days} f=${f} data=${data} /><${Who} f=${f} data=${data} />
      <${Calls} f=${f} data=${data} /><${Open} f=${f} data=${data} />
    </div>
    <footer>${f.clock(data.as_of, f.zone, true)} ${data.timezone} · ${data.ledger}
      ${data.currency && html` · ${f.t('rate', { rate: `${f.number(data.currency.per_usd, 0, 2)} ${data.currency.code}`, date: data.currency.date, source: data.currency.source })}`}
    </footer>`;
}

function Sentence({ f, data }) {
  const { word, reasons } = data.judgement;
  const told = reasons.slice(0, 2).map((each, i) => html`<span key=${i}>${reason(f, data, each)} </span>`);
  const more = reasons.length - told.length;
  const calm = data.limits.length ? f.words.safe : f.words.no_limits;
  const blocked = word === 'blocked';
  return html`<section class=${`card sentence is-${word}`}>
    <strong class="word" aria-live="polite">${f.words[`word.${word}`]}</strong>
    <p>${blocked && told}${spent(f, data)} ${!blocked && told}${word === 'ok' && calm}
      ${more > 0 && html`<span class="muted">(${f.t('more_reasons', { n: more })})</span>`}</p></section>`;
}

function spent(f, { today }) {
  if (today.cost_usd === null) return f.words['spent.unknown'];
  const bold = (text) => html`<b>${text}</b>`;
  const limit = today.limit;
  if (!limit) return f.parts('spent.plain', { spent: bold(f.money(today.cost_usd)) });
  const found = limit.forecast;
  return f.parts(found ? 'spent.forecast' : 'spent.budget', {
    spent: bold(f.money(today.cost_usd)), budget: bold(f.money(limit.amount)),
    projected: found && bold(f.money(found.projected)),
  });
}

function reason(f, data, { code, subject, at, until }) {
  let key = `reason.${code}`;
  if (code === 'paused' && !subject) key = 'reason.paused_all';
  if (!until && ['full', 'refused', 'runs_out'].includes(code)) key += '_endless';
  return f.parts(key, {
    subject: html`<b>${subject}</b>`,
    until: until && f.when(until, data.as_of),
    at: at && html`<b>${f.when(at, data.as_of)}</b>`,
    lead: at && until && f.duration(at, until),
  });
}

function Number5({ title, chip, kind, children, wide }) {
  return html`<article class=${`card number${wide ? ' wide' : ''}`}><h2>${title}
    ${chip && html`<span class=${`chip is-${kind || 'ok'}`}>${chip}</span>`}</h2>${children}</article>`;
}

const kindOf = (limit) => (limit.full || limit.state === 'exceeded' ? 'blocked' : limit.state === 'ok' && !limit.runs_out_at ? 'ok' : 'watch');

// Used, reserved and forecast of a limit. The text beside it says the same.
function Bullet({ f, limit }) {
  const label = f.t('limit_label', { name: limit.name, used: f.amount(limit.used, limit), amount: f.amount(limit.amount, limit), percent: limit.percent === null ? '?' : f.share(limit.percent) });
  const mark = limit.forecast && share(limit.forecast.projected, limit.amount);
  return html`<div class=${`bullet is-${kindOf(limit)}`} role="img" aria-label=${label}>
    <i class="used" style=${width(limit.percent)}></i><i class="held" style=${width(share(limit.reserved, limit.amount))}></i>
    ${limit.forecast && html`<b style=${{ left: `${Math.min(99.4, mark)}%` }}></b>`}</div>`;
}

function Money({ f, data, kind, wide }) {
  const it = data[kind];
  const { limit } = it;
  const local = f.local(it.cost_local, data.currency);
  const notes = [];
  if (local) notes.push(local);
  if (limit && limit.remaining !== null && kind === 'today') notes.push(f.t('left', { amount: f.money(limit.remaining) }));
  if (limit && limit.forecast && kind === 'month') notes.push(f.t('forecast', { amount: f.money(limit.forecast.projected) }));
  if (it.unpriced_calls) notes.push(f.t('unpriced_n', { n: f.number(it.unpriced_calls) }));
  if (notes.length < 2) notes.push(f.t('calls_n', { n: f.number(it.calls) }));
  return html`<${Number5} title=${f.words[kind]} wide=${wide} chip=${limit && limit.percent !== null && f.percent(limit.percent, 0)} kind=${limit && kindOf(limit)}>
    <p class="big">${f.money(it.cost_usd)} <small>${limit ? f.t('of', { amount: f.money(limit.amount) }) : f.words.no_budget}</small></p>
    ${limit && html`<${Bullet} f=${f} limit=${limit} />`}
    <p class="note">${notes.join(' · ')}</p></${Number5}>`;
}

function FirstOut({ f, data }) {
  const limit = data.first_out;
  if (!limit) {
    return html`<${Number5} title=${f.words.first_out}><p class="big">${f.words.none_out}</p>
      <p class="note">${data.limits.length ? f.words.none_out_why : f.words.no_limits}</p></${Number5}>`;
  }
  const at = limit.runs_out_at;
  return html`<${Number5} title=${f.words.first_out} chip=${limit.percent !== null && f.percent(limit.percent, 0)} kind=${kindOf(limit)}>
    <p class="big">${limit.full ? f.words.used_up : f.when(at, data.as_of)} <small>${!limit.full && f.t('in', { time: f.duration(data.as_of, at) })}</small></p>
    <${Bullet} f=${f} limit=${limit} />
    <p class="note">${limit.name} · ${resets(f, data, limit)}</p></${Number5}>`;
}

function resets(f, data, limit) {
  if (!limit.resets_at) return f.words.never;
  const when = f.when(limit.resets_at, data.as_of);
  if (limit.timezone === data.timezone) return f.t('resets', { when });
  try {
    const there = `${f.clock(limit.resets_at, limit.timezone)} ${limit.timezone.split('/').pop().replaceAll('_', ' ')}`;
    return f.t('resets_zone', { when, there });
  } catch {
    return f.t('resets', { when });
  }
}

function Minute({ f, data }) {
  const it = data.minute;
  const change = it.change_percent;
  const down = change !== null && change.startsWith('-');
  const same = change !== null && /^-?0?(\.[0-4]\d*)?$/.test(change);
  return html`<${Number5} title=${f.words.minute}>
    <p class="big">${it.cost_usd === null ? '–' : f.money(it.cost_usd)}</p>
    <p class="note">${it.cost_usd === null ? f.words.no_video : change === null ? f.words.change_none : same ? f.words.change_same : f.t(down ? 'change_down' : 'change_up', { n: f.number(change.replace('-', ''), 0, 0) })}</p>
    ${it.cost_usd !== null && html`<p class="note">${f.t('minutes_today', { n: f.number(it.media_minutes, 0, 0) })}</p>`}</${Number5}>`;
}

function Trust({ f, data }) {
  const it = data.trust;
  const known = it.reported_percent !== null;
  return html`<${Number5} title=${f.words.trust}>
    <p class="big">${known ? f.percent(it.reported_percent) : '–'}</p>
    <p class="note">${known ? f.words.reported_share : f.words.no_cost}${it.unpriced_calls > 0 && ` · ${f.t('unpriced_n', { n: f.number(it.unpriced_calls) })}`}</p>
    <p class="note">${f.words.bill}</p></${Number5}>`;
}

function Today({ f, data, theme }) {
  const { limit, cost_usd: cost } = data.today;
  const found = limit && limit.forecast;
  return html`<figure class="card today"><figcaption><h2>${f.words[limit ? 'line.title' : 'line.title_plain']}</h2>
    <p class="note">${f.t(found ? 'line.note' : 'line.note_plain', { zone: data.timezone })}</p></figcaption>
    <${Line} f=${f} overview=${data} theme=${theme} />
    <ul class="key"><li><i class="ink-spent"></i>${f.t('line.spent', { amount: f.money(cost) })}</li>
      ${found && html`<li><i class="ink-spent dashed"></i>${f.t('line.forecast', { amount: f.money(found.projected), low: f.money(found.projected_low), high: f.money(found.projected_high) })}</li>`}
      ${limit && html`<li><i class="ink-budget dashed"></i>${f.t('line.budget', { amount: f.money(limit.amount) })}</li>`}</ul></figure>`;
}

function Limits({ f, data }) {
  return html`<section class="card limits"><h2>${f.words['limits.title']}</h2>
    <p class="note">${data.limits.length ? f.words['limits.note'] : f.words['limits.none']}</p>
    <ul>${data.limits.slice(0, 6).map((limit) => html`<li key=${limit.name}>
      <div class="row"><b title=${limit.name}>${limit.name}</b><span>${f.amount(limit.used, limit, false)} / ${f.amount(limit.amount, limit)}</span></div>
      <${Bullet} f=${f} limit=${limit} />
      <p class="note">${fate(f, data, limit)}</p></li>`)}</ul>
    ${data.more_limits + data.limits.length > 6 && html`<p class="note">${f.t('limits.more', { n: data.more_limits + data.limits.length - 6 })}</p>`}</section>`;
}

function fate(f, data, limit) {
  const said = [];
  if (limit.mode === 'soft') said.push(f.words.soft);
  if (limit.full) said.push(f.words.used_up);
  else if (limit.runs_out_at) said.push(f.t('about', { at: f.when(limit.runs_out_at, data.as_of) }));
  if (!limit.full && !limit.runs_out_at) said.push(limit.resets_at ? f.words.lasts : f.words.lasts_endless);
  if (/[1-9]/.test(limit.reserved)) said.push(f.t('reserved', { amount: f.amount(limit.reserved, limit) }));
  if (limit.full || limit.runs_out_at || limit.timezone !== data.timezone) said.push(resets(f, data, limit));
  return said.join(' · ');
}

function Days({ f, data }) {
  const names = [...new Set(data.days.flatMap((day) => Object.keys(day.providers)))].sort();
  const most = Math.max(...data.days.map((day) => Number(day.cost_usd) || 0));
  const top = most || 1;
  const column = (day, i) => html`<li key=${day.day}><div class="stack" title=${`${f.day(day.day)}: ${f.money(day.cost_usd)}`}>
    ${names.map((name, n) => day.providers[name] && html`<i key=${name} class=${`hue-${n % 6}`} style=${{ height: `${(Number(day.providers[name]) / top) * 100}%` }}></i>`)}</div>
    <span class=${(data.days.length - 1 - i) % 3 ? 'thin' : ''}>${f.day(day.day)}</span></li>`;
  return html`<figure class="card days"><figcaption><h2>${f.words['days.title']}</h2><p class="note">${f.words[most ? 'days.note' : 'no_cost']}</p></figcaption>
    ${most > 0 && html`<ol class="columns" aria-hidden="true">${data.days.map(column)}</ol>`}
    <ul class="key">${names.map((name, n) => html`<li key=${name}><i class=${`hue-${n % 6}`}></i>${name}</li>`)}</ul>
    <details><summary>${f.words.as_table}</summary><div class="scroll" tabindex="0" role="region" aria-label=${f.words['days.title']}><table>
      <thead><tr><th scope="col">${f.words.day}</th>${names.map((name) => html`<th scope="col" class="figure" key=${name}>${name}</th>`)}<th scope="col" class="figure">${f.words.total}</th></tr></thead>
      <tbody>${data.days.map((day) => html`<tr key=${day.day}><th scope="row">${f.day(day.day)}</th>
        ${names.map((name) => html`<td class="figure" key=${name}>${day.providers[name] ? f.money(day.providers[name]) : '–'}</td>`)}<td class="figure">${f.money(day.cost_usd)}</td></tr>`)}</tbody></table></div></details></figure>`;
}
