/** Light or dark: as the system has it, unless chosen here. */
import { useEffect, useState } from "preact/hooks";

const KEY = "theme";

export function Theme() {
  const [theme, setTheme] = useState(localStorage.getItem(KEY) ?? "system");
  useEffect(() => {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return (
    <label class="theme">
      <span class="unseen">Colours</span>
      <select value={theme} onInput={(event) => setTheme(event.currentTarget.value)}>
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
}
