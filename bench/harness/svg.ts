/** Writes SVG elements. Just enough for the plots of the report, so that it needs no library. */

export type Attributes = Record<string, string | number | undefined>;

export function escapeXml(text: string): string {
  const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, letter => names[letter]);
}

function attribute(value: string | number): string {
  if (typeof value === "string") return escapeXml(value);
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be drawn`);
  // Tenths of a pixel are finer than anybody sees.
  return String(Math.round(value * 10) / 10);
}

/** An element around others, which are markup already. Attributes without a value are left out. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const words = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${attribute(value)}"`],
  );
  const open = `<${name}${words.join("")}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join("")}</${name}>`;
}

export function text(content: string, attributes: Attributes): string {
  return element("text", attributes, escapeXml(content));
}

/** A whole picture that scales with its container. The label is what a screen reader says. */
export function picture(width: number, height: number, label: string, ...children: string[]): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "aria-label": label,
    class: "plot",
  };
  return element("svg", attributes, ...children);
}
