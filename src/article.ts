/** "a Float64Array", "an Int8Array", "an MT19937", "an 8 x 2 grid": with the article that it has when it is read aloud. */
export function withArticle(name: string): string {
  // Two capitals, or one and a digit, are read letter by letter.
  return `${/^(?:[AEIOaeio]|[FHLMNRSX][A-Z\d]|8|1[18]\b)/.test(name) ? "an" : "a"} ${name}`;
}
