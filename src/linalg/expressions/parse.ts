/** Expressions from text: `exp(x) + 3 * sin(x)`. */
import { ArgumentError } from "../../errors.ts";
import { call, Expression, type Operand, Reduction, toExpression } from "./expression.ts";
import {
  type FunctionName,
  functionInfo,
  functions,
  type ReductionName,
  reductionNames,
} from "./functions.ts";

/** What a text stands for: values for all elements, or one number. */
export type Parsed = Expression | Reduction;

interface Token {
  readonly type: "number" | "name" | "hole" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const pattern =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|\$\{(\d+)\}|(\*\*|<=|>=|===?|!==?|&&|\|\||[-+*/<>!?:(),]))/y;

/** Signs between two operands: how strongly they bind, and what they stand for. */
const signs: {
  readonly [sign: string]: readonly [strength: number, apply: (a: Expression, b: Expression) => Expression];
} = {
  "||": [2, (a, b) => a.or(b)],
  "&&": [3, (a, b) => a.and(b)],
  "==": [4, (a, b) => a.eq(b)],
  "===": [4, (a, b) => a.eq(b)],
  "!=": [4, (a, b) => a.ne(b)],
  "!==": [4, (a, b) => a.ne(b)],
  "<": [5, (a, b) => a.lt(b)],
  "<=": [5, (a, b) => a.le(b)],
  ">": [5, (a, b) => a.gt(b)],
  ">=": [5, (a, b) => a.ge(b)],
  "+": [6, (a, b) => a.add(b)],
  "-": [6, (a, b) => a.sub(b)],
  "*": [7, (a, b) => a.mul(b)],
  "/": [7, (a, b) => a.div(b)],
};
const unaryStrength = 8;

/** How deep parentheses, signs and conditionals can be nested: the stack has room for three times that. */
const deepest = 300;

const constants: { readonly [name: string]: number } = {
  pi: Math.PI,
  Infinity: Number.POSITIVE_INFINITY,
  NaN: Number.NaN,
};

/** Names by which functions are known besides their own. */
const synonyms: { readonly [name: string]: FunctionName } = { min: "minimum", max: "maximum" };

/** The known name that is nearest in spelling, for a hint. */
function nearest(name: string): string {
  const known = [...Object.keys(functions), ...reductionNames];
  const similar = known.find(
    candidate => candidate.toLowerCase() === name.toLowerCase() || candidate === name.replace(/^arc/, "a"),
  );
  return similar === undefined ? `known are ${known.sort().join(", ")}` : `did you mean ${similar}?`;
}

class Parser {
  private readonly text: string;
  private readonly holes: readonly Operand[];
  private token: Token;
  private next = 0;
  private depth = 0;
  private readonly parameters = new Map<string, Expression>();

  constructor(text: string, holes: readonly Operand[]) {
    this.text = text;
    this.holes = holes;
    this.token = this.read();
  }

  fail(message: string, at = this.token.at): never {
    throw new ArgumentError(`${message}, at position ${at + 1}:\n  ${this.text}\n  ${" ".repeat(at)}^`);
  }

  private read(): Token {
    pattern.lastIndex = this.next;
    const found = pattern.exec(this.text);
    if (found === null) {
      const at = this.text.length - this.text.slice(this.next).trimStart().length;
      if (at === this.text.length) return { type: "end", text: "the end", at };
      return this.fail(`${JSON.stringify(this.text[at])} is no part of an expression`, at);
    }
    this.next = pattern.lastIndex;
    const [whole, number, name, hole, sign] = found;
    const text = number ?? name ?? hole ?? sign;
    const at = this.next - (hole === undefined ? text.length : whole.trimStart().length);
    const type =
      number !== undefined ? "number" : name !== undefined ? "name" : hole !== undefined ? "hole" : "sign";
    return { type, text, at };
  }

  private advance(): Token {
    const { token } = this;
    this.token = this.read();
    return token;
  }

  private is(sign: string): boolean {
    return this.token.type === "sign" && this.token.text === sign;
  }

  private expect(sign: string): void {
    if (!this.is(sign)) this.fail(`expected ${JSON.stringify(sign)} before ${this.named()}`);
    this.advance();
  }

  private named(): string {
    return this.token.type === "end" ? "the end" : JSON.stringify(this.token.text);
  }

  /** The whole text. Only all of it can be a reduction. */
  parse(): Parsed {
    return this.whole(this.reduction() ?? this.conditional());
  }

  expression(): Expression {
    return this.whole(this.conditional());
  }

  private whole<T>(parsed: T): T {
    if (this.token.type !== "end") this.fail(`expected an operator before ${this.named()}`);
    return parsed;
  }

  private reduction(): Reduction | undefined {
    if (this.token.type !== "name" || !reductionNames.includes(this.token.text as ReductionName))
      return undefined;
    const start = this.token;
    const before = this.next;
    this.advance();
    if (!this.is("(")) {
      [this.token, this.next] = [start, before];
      return undefined;
    }
    const operands = this.operands();
    const name = start.text as ReductionName;
    // min(a, b) is a function of elements.
    if (operands.length === 2 && Object.hasOwn(synonyms, name)) {
      [this.token, this.next] = [start, before];
      return undefined;
    }
    const wanted = name === "dot" ? 2 : 1;
    if (operands.length !== wanted)
      this.fail(`${name} takes ${wanted}, and got ${operands.length}`, start.at);
    return new Reduction(name, ...operands);
  }

  /** Reads a part of which more parts of its kind can be parts. */
  private nested(read: () => Expression): Expression {
    if (this.depth === deepest) this.fail(`nested more than ${deepest} deep`);
    this.depth++;
    const expression = read();
    this.depth--;
    return expression;
  }

  private conditional(): Expression {
    return this.nested(() => {
      const condition = this.binary(1);
      if (!this.is("?")) return condition;
      this.advance();
      const first = this.conditional();
      this.expect(":");
      return call("where", condition, first, this.conditional());
    });
  }

  private binary(least: number): Expression {
    let left = this.unary();
    for (;;) {
      const found = this.token.type === "sign" ? signs[this.token.text] : undefined;
      if (found === undefined || found[0] < least) return left;
      this.advance();
      left = found[1](left, this.binary(found[0] + 1));
    }
  }

  private unary(): Expression {
    if (this.is("-")) {
      this.advance();
      const operand = this.operand();
      const { node } = operand;
      return node.kind === "number" ? toExpression(-node.value) : operand.neg();
    }
    if (this.is("+")) {
      this.advance();
      return this.operand();
    }
    if (this.is("!")) {
      this.advance();
      return this.operand().not();
    }
    return this.power();
  }

  /** What a sign stands before. */
  private operand(): Expression {
    return this.nested(() => this.binary(unaryStrength));
  }

  /** Binds more than a sign on its left, less than one on its right, and from right to left. */
  private power(): Expression {
    const base = this.primary();
    if (!this.is("**")) return base;
    this.advance();
    return base.pow(this.nested(() => this.unary()));
  }

  private primary(): Expression {
    const token = this.token;
    if (token.type === "number") {
      this.advance();
      return toExpression(Number(token.text));
    }
    if (token.type === "hole") {
      this.advance();
      return toExpression(this.holes[Number(token.text)], `\${${token.text}}`);
    }
    if (this.is("(")) {
      this.advance();
      const inside = this.conditional();
      this.expect(")");
      return inside;
    }
    if (token.type !== "name") return this.fail(`expected a number, a name or "(" before ${this.named()}`);
    this.advance();
    if (this.is("(")) return this.call(token);
    if (Object.hasOwn(constants, token.text)) return toExpression(constants[token.text]);
    if (Object.hasOwn(functions, token.text))
      this.fail(`${token.text} is a function: write ${token.text}(...)`, token.at);
    let parameter = this.parameters.get(token.text);
    if (parameter === undefined) {
      parameter = new Expression({ kind: "parameter", name: token.text });
      this.parameters.set(token.text, parameter);
    }
    return parameter;
  }

  private operands(): Expression[] {
    this.expect("(");
    const operands: Expression[] = [];
    if (!this.is(")")) {
      operands.push(this.conditional());
      while (this.is(",")) {
        this.advance();
        operands.push(this.conditional());
      }
    }
    this.expect(")");
    return operands;
  }

  private call({ text, at }: Token): Expression {
    const operands = this.operands();
    const name = (Object.hasOwn(synonyms, text) ? synonyms[text] : text) as FunctionName;
    if (!Object.hasOwn(functions, name)) {
      if (reductionNames.includes(text as ReductionName)) {
        this.fail(
          `${text} makes one number of all elements, and can only stand around the whole expression`,
          at,
        );
      }
      this.fail(`there is no function ${text}; ${nearest(text)}`, at);
    }
    const { takes } = functionInfo(name);
    if (operands.length !== takes.length) {
      this.fail(
        `${text} takes ${takes.length} operand${takes.length === 1 ? "" : "s"}, and got ${operands.length}`,
        at,
      );
    }
    return call(name, ...operands);
  }
}

/**
 * The expression, or reduction, that a text stands for. Names that are no functions are parameters, but for the
 * constants pi, Infinity and NaN. Signs are those of JavaScript, with its precedence, but -x ** 2 is -(x ** 2).
 * @throws {ArgumentError} with the position, when it is none, or is nested more than 300 deep.
 */
export function parse(text: string): Parsed {
  if (typeof text !== "string")
    throw new ArgumentError(`expected the text of an expression, but got ${typeof text}`);
  return new Parser(text, []).parse();
}

/**
 * A tagged template in which arrays, numbers and expressions stand: expr`exp(${x}) + 3 * sin(${x})`. Reductions of it
 * are methods: expr`...`.sum().
 */
export function expr(strings: TemplateStringsArray, ...values: Operand[]): Expression {
  const text = strings.reduce((joined, part, index) => `${joined}\${${index - 1}}${part}`);
  return new Parser(text, values).expression();
}
