// Formats figures for people. Money arrives as decimal text and is never added up here.
const SPACE = '\u00a0';
const ZERO = /^-?0*\.?0*$/;

export class Format {
  constructor(lang, words, zone) {
    this.lang = lang;
    this.words = words;
    this.zone = zone;
    this.locale = lang === 'vi' ? 'vi-VN' : 'en-US';
  }

  // A text of the catalogue. Values replace {names}; the result is one string.
  t(key, values = {}) {
    return this.parts(key, values).join('');
  }

  // The same as a list, in which values may be elements.
  parts(key, values) {
    return this.words[key].split(/\{(\w+)\}/).map((part, i) => (i % 2 ? values[part] : part));
  }

  number(text, least = 0, most = least) {
    const form = { minimumFractionDigits: least, maximumFractionDigits: Math.max(least, most) };
    return new Intl.NumberFormat(this.locale, form).format(text);
  }

  // As many decimals as a small amount needs to be told from zero, else two.
  money(text) {
    if (text === null || text === undefined) return this.words.no_price;
    const plain = text.replace('-', '');
    const small = plain.match(/^0\.0(0*)/);
    const most = !ZERO.test(text) && small ? Math.min(6, small[1].length + 4) : 2;
    const shown = this.number(text, 2, most);
    if (this.lang === 'vi') return `${shown}${SPACE}US$`;
    return shown.startsWith('-') ? `-$${shown.slice(1)}` : `$${shown}`;
  }

  local(text, currency) {
    if (!currency || text === null || text === undefined) return '';
    const unit = currency.code === 'VND' ? '₫' : currency.code;
    return `≈${SPACE}${this.number(text, 0, 2)}${SPACE}${unit}`;
  }

  percent(text, most = 1) {
    return `${this.share(text, most)}${SPACE}%`;
  }

  // A percentage without its sign. One above 0 is never shown as 0, one below 100 never as 100.
  share(text, most = 1) {
    const value = Number(text);
    const step = 10 ** -most;
    if (value > 0 && value < step / 2) return `<${this.number(step, 0, most)}`;
    return this.number(value < 100 && value >= 100 - step / 2 ? 100 - step : text, 0, most);
  }

  // An amount of a limit, with its unit if `named`.
  amount(text, limit, named = true) {
    if (text === null) return '?';
    if (limit.meter === 'cost') return this.money(text);
    const number = this.number(text, 0, 1);
    return named ? `${number}${SPACE}${this.words[`unit.${limit.unit}`] || limit.unit}` : number;
  }

  clock(at, zone = this.zone, seconds = false) {
    const form = { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };
    if (seconds) form.second = '2-digit';
    return new Intl.DateTimeFormat(this.locale, form).format(new Date(at));
  }

  date(at, zone = this.zone) {
    return new Intl.DateTimeFormat(this.locale, { timeZone: zone, day: 'numeric', month: 'numeric' }).format(new Date(at));
  }

  // The clock, with the date unless it is today's.
  when(at, now, zone = this.zone) {
    const day = this.date(at, zone);
    return day === this.date(now, zone) ? this.clock(at, zone) : `${this.clock(at, zone)} ${day}`;
  }

  day(text) {
    const [, month, day] = text.split('-');
    return this.lang === 'vi' ? `${+day}/${+month}` : `${+month}/${+day}`;
  }

  duration(from, to) {
    const w = this.words;
    const seconds = Math.max(0, Math.round((new Date(to) - new Date(from)) / 1000));
    if (seconds < 60) return `${seconds}${SPACE}${w.s}`;
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return `${minutes}${SPACE}${w.min}`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return `${hours}${SPACE}${w.h}${minutes % 60 ? ` ${minutes % 60}${SPACE}${w.min}` : ''}`;
    return `${Math.round(hours / 24)}${SPACE}${w.d}`;
  }
}

// A name that the browser does not know, such as that of a fixed offset, is shown in UTC.
export function zoneOf(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return name;
  } catch {
    return 'UTC';
  }
}
