// Sets the theme that the reader chose, if any, before the page is painted.
(() => {
  try {
    const theme = localStorage.getItem("offprint-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // no storage: the system's theme
  }
})();
