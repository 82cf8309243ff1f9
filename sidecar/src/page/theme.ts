import { byId, setText } from './dom.ts';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const KEY = 'kong-consul-theme';

/** Light, dark, or as the system has it; kept in this browser. */
export function startTheme(): void {
  const button = byId('theme', HTMLButtonElement);
  let theme = kept();
  show(theme, button);
  button.addEventListener('click', () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
    show(theme, button);
    keep(theme);
  });
}

function show(theme: Theme, button: HTMLButtonElement): void {
  document.documentElement.dataset.theme = theme;
  setText(button, `Theme: ${theme}`);
}

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === value) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function keep(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // A browser that keeps nothing shows it until the page is closed.
  }
}
