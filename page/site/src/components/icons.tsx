// The few drawings of the page, as inline SVG: decoration beside words, so always hidden from screen readers.
import type { ComponentChildren } from "preact";

function icon(children: ComponentChildren) {
  return () => (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">
      {children}
    </svg>
  );
}

export const Left = icon(<path d="M10 3 5 8l5 5" />);
export const Right = icon(<path d="m6 3 5 5-5 5" />);
export const Up = icon(<path d="m3.500 10 4.500-5 4.500 5z" />);
export const Search = icon(<><circle cx="7" cy="7" r="4.500" /><path d="m10.500 10.500 3.500 3.500" /></>);
export const Sun = icon(<><circle cx="8" cy="8" r="3" /><path d="M8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1" /></>);
export const Moon = icon(<path d="M13.500 9.500A6 6 0 0 1 6.500 2.500a6 6 0 1 0 7 7z" />);
export const Half = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 2v12a6 6 0 0 0 0-12z" fill="currentColor" /></>);
export const Copy = icon(<><rect x="5.500" y="5.500" width="8" height="8" rx="1" /><path d="M10.500 3.500v-1h-8v8h1" /></>);
export const Check = icon(<path d="m3 8.500 3.500 3.500L13 4.500" />);
export const Play = icon(<path d="M5 3.500v9l7-4.500z" fill="currentColor" />);
export const Feed = icon(<><path d="M3 8a5 5 0 0 1 5 5M3 3.500A9.500 9.500 0 0 1 12.500 13" /><circle cx="4" cy="12" r="1" fill="currentColor" /></>);
export const Folder = icon(<path d="M2 4.500V12a1 1 0 0 0 1 1h10a1 1 0 0 0 1-1V6a1 1 0 0 0-1-1H8L6.500 3.500H3a1 1 0 0 0-1 1z" />);
export const File = icon(<><path d="M4 2h5l3 3v9H4z" /><path d="M9 2v3h3" /></>);
export const Out = icon(<path d="M6 3.500H3.500v9h9V10M9 3h4v4M13 3 7.500 8.500" />);
export const Down = icon(<path d="M8 2.500v8M4.500 7.500 8 11l3.500-3.500M3 13.500h10" />);
export const Cross = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const Clock = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 4.500V8l2.500 1.500" /></>);
export const Key = icon(<><circle cx="5" cy="11" r="2.500" /><path d="m7 9 6-6M11 5l2 2" /></>);
