interface Props {
  readonly class?: string;
  /** `data-…` attributes. */
  readonly data?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** An element with its children. Text is only ever text: nothing here makes HTML of it. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  props: Props = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const node = document.createElement(tag);
  if (props.class !== undefined) node.className = props.class;
  for (const [name, value] of Object.entries(props.data ?? {})) node.dataset[name] = value;
  for (const [name, value] of Object.entries(props.attributes ?? {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A name that may be broken after its dots, slashes and hyphens rather than anywhere. */
export function breakable(name: string): readonly (Node | string)[] {
  return name.split(/(?<=[./-])/).flatMap((part, at) => (at === 0 ? [part] : [document.createElement('wbr'), part]));
}

/** Sets a text only when it is another: an equal one would cost a layout. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** An element of the page that is always there. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const node = document.getElementById(id);
  if (!(node instanceof kind)) throw new Error(`the page has no #${id}`);
  return node;
}

/** Whether keys typed now are meant for a field. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}
