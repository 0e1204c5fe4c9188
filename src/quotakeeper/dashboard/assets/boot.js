// Runs before the page is drawn, so that neither the theme nor the language flickers.
(() => {
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const root = document.documentElement;
  const theme = kept('quotakeeper.theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;
  const first = (navigator.languages || [navigator.language])[0] || 'en';
  const lang = kept('quotakeeper.lang');
  root.lang = lang === 'vi' || lang === 'en' ? lang : first.toLowerCase().startsWith('vi') ? 'vi' : 'en';
})();
