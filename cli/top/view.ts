/** What the terminal shows now, and what a key does to it. */
import type { Snapshot } from "../../handlers/snapshot.ts";
import { SORT_KEYS, type RowOptions } from "./rows.ts";

export interface View extends RowOptions {
  /** Where the proxy's admin listener is. */
  readonly address: string;
  readonly snapshot: Snapshot;
  readonly rates: ReadonlyMap<string, number>;
  /** Why there is nothing newer; undefined while it answers. */
  readonly failure: { readonly message: string; readonly since: string } | undefined;
  /** Whether keys are text of the filter. */
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  /** First line of the tables that is shown. */
  readonly offset: number;
}

/** Lines of a page. */
const PAGE = 10;

/** The view after a key; undefined is the end. */
export const pressed = (view: View, key: string): View | undefined => {
  if (key === "ctrl-c") return undefined;
  return view.isTyping ? typed(view, key) : commanded(view, key);
};

const typed = (view: View, key: string): View => {
  switch (key) {
    case "enter":
      return { ...view, isTyping: false };
    case "escape":
      return { ...view, isTyping: false, filter: "", offset: 0 };
    case "backspace":
      return { ...view, filter: view.filter.slice(0, -1), offset: 0 };
    default:
      return key.length === 1 ? { ...view, filter: view.filter + key, offset: 0 } : view;
  }
};

const commanded = (view: View, key: string): View | undefined => {
  switch (key) {
    case "q":
      return undefined;
    case "s":
      return { ...view, sort: nextSort(view), offset: 0 };
    case "r":
      return { ...view, isReversed: !view.isReversed };
    case "/":
      return { ...view, isTyping: true };
    case "escape":
      return { ...view, filter: "", offset: 0 };
    case " ":
      return { ...view, isPaused: !view.isPaused };
    case "up":
    case "k":
      return scrolled(view, view.offset - 1);
    case "down":
    case "j":
      return scrolled(view, view.offset + 1);
    case "page-up":
      return scrolled(view, view.offset - PAGE);
    case "page-down":
      return scrolled(view, view.offset + PAGE);
    case "home":
      return scrolled(view, 0);
    case "end":
      return scrolled(view, Number.MAX_SAFE_INTEGER);
    default:
      return view;
  }
};

const nextSort = ({ sort }: View): View["sort"] =>
  SORT_KEYS[(SORT_KEYS.indexOf(sort) + 1) % SORT_KEYS.length] ?? "config";

/** How far down there is anything is known when it is drawn. */
const scrolled = (view: View, offset: number): View => ({ ...view, offset: Math.max(0, offset) });
