// The page: signs in, follows the server, and draws the overview.
import { Component, h, render } from './vendor/preact.mjs';
import htm from './vendor/htm.mjs';
import { Format, zoneOf } from './format.js';
import { Live } from './live.js';
import { Overview } from './overview.js';

const html = htm.bind(h);
const root = document.documentElement;
const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* private mode */ } };

class App extends Component {
  constructor() {
    super();
    this.state = { state: 'connecting', lang: root.lang, theme: root.dataset.theme || 'auto', words: null };
    this.live = new Live((heard) => this.heard(heard));
  }

  async componentDidMount() {
    await this.speak(this.state.lang);
    const token = location.hash.slice(1);
    if (token) {
      history.replaceState(null, '', location.pathname); // the token leaves the address bar
      await this.signIn(token);
      return;
    }
    const answer = await fetch('/api/session').catch(() => null);
    if (answer && answer.ok) this.live.open();
    else this.setState({ signIn: true, problem: answer ? '' : 'lost' });
  }

  async speak(lang) {
    const words = await (await fetch(`/${lang}.json`)).json();
    root.lang = lang;
    document.title = `${words.title} · quotakeeper`;
    this.setState({ lang, words });
  }

  async signIn(token) {
    const answer = await fetch('/api/session', {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token }),
    }).catch(() => null);
    if (answer && answer.ok) {
      this.setState({ signIn: false, problem: '' });
      this.live.open();
    } else {
      this.setState({ signIn: true, problem: !answer ? 'lost' : answer.status === 429 ? 'throttled' : 'wrong' });
    }
  }

  async signOut() {
    this.live.stop();
    await fetch('/api/session', { method: 'DELETE' }).catch(() => null);
    this.setState({ signIn: true, problem: '', data: null });
  }

  heard({ state, data, ended }) {
    if (ended) this.setState({ signIn: true, data: null });
    else if (data) this.setState({ state, data });
    else if (state) this.setState({ state });
  }

  choose(name, value) {
    keep(`quotakeeper.${name}`, value);
    if (name === 'lang') this.speak(value);
    else {
      if (value === 'auto') delete root.dataset.theme;
      else root.dataset.theme = value;
      this.setState({ theme: value });
    }
  }

  render(_, { words, lang, theme, state, data, signIn, problem }) {
    if (!words) return null;
    const f = new Format(lang, words, data && zoneOf(data.timezone));
    const title = signIn ? words['sign_in.title'] : words.title;
    return html`
      <a class="skip" href="#figures">${words.skip}</a>
      <header>
        <div class="brand"><img src="icon.svg" alt="" width="22" height="22" /><span>quotakeeper</span></div>
        <h1>${title}</h1>
        ${!signIn && html`<span class=${`state state-${state}`} role="status"><i></i>${words[`state.${state}`]}</span>`}
        <div class="tools">
          ${choice(words.language, 'lang', [['vi', 'VI'], ['en', 'EN']], lang, (x) => this.choose('lang', x))}
          ${choice(words.theme, 'theme', ['auto', 'light', 'dark'].map((x) => [x, words[`theme.${x}`]]), theme, (x) => this.choose('theme', x))}
          ${!signIn && html`<button type="button" class="plain" onClick=${() => this.signOut()}>${words.sign_out}</button>`}
        </div>
      </header>
      <main id="figures" tabindex="-1">
        ${signIn
    ? html`<${SignIn} words=${words} problem=${problem} go=${(token) => this.signIn(token)} />`
    : data
      ? html`<${Overview} f=${f} data=${data} state=${state} theme=${theme} />`
      : html`<p class="waiting">${words[`state.${state}`]}…</p>`}
      </main>`;
  }
}

function choice(label, name, options, chosen, choose) {
  return html`<fieldset class="choice"><legend class="unseen">${label}</legend>
    ${options.map(([value, text]) => html`<label key=${value}>
      <input type="radio" name=${name} value=${value} checked=${value === chosen} onChange=${() => choose(value)} />
      <span>${text}</span></label>`)}</fieldset>`;
}

class SignIn extends Component {
  render({ words, problem, go }) {
    const send = (event) => {
      event.preventDefault();
      const text = event.target.elements.token.value.trim();
      go(text.slice(text.lastIndexOf('#') + 1));
    };
    return html`<form class="card sign-in" onSubmit=${send}>
      <p>${words['sign_in.text']}</p>
      <label>${words['sign_in.token']}<input name="token" type="password" autocomplete="off" required /></label>
      ${problem && html`<p class="problem" role="alert">${words[`sign_in.${problem}`]}</p>`}
      <button type="submit">${words['sign_in.go']}</button></form>`;
  }
}

render(html`<${App} />`, document.getElementById('app'));
