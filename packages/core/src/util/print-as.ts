/** Has `console.log` and Node's `inspect` show objects of a class as a text: what `toString` gives, where nothing is said. */
export function printAs<T extends object>(
  cls: { readonly prototype: T },
  text: (self: T) => string = String,
): void {
  Object.defineProperty(cls.prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: T): string {
      return text(this);
    },
  });
}
