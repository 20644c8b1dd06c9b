/** The functions that evaluate expressions, once for each face: awaited, and blocking. */
import { describe } from "../../describe.ts";
import { ArgumentError } from "../../errors.ts";
import type { Mode, Returned } from "../types.ts";
import { array } from "./build.ts";
import {
  type Bindings,
  type Evaluated,
  type EvaluateOptions,
  Evaluation,
  type Outcomes,
  type TargetArray,
} from "./evaluate.ts";
import { Expression, isNumericArray, type NumericArray, Reduction } from "./expression.ts";
import { parse } from "./parse.ts";

type Arrays = NumericArray | readonly NumericArray[];

/** The arguments of a function of one array, or of several. */
type Arguments<A> = A extends readonly NumericArray[] ? { [index in keyof A]: Expression } : [Expression];

/** What `compile` makes of an expression with parameters. */
export interface Compiled<M extends Mode, O extends Outcomes = Outcomes> {
  /** Evaluates it with arrays or numbers for its parameters, in their order, or by name. */
  (...values: (NumericArray | number)[] | [Bindings]): Returned<M, Evaluated<O>>;
  /** The same, written to a given array. */
  into<T extends TargetArray>(target: T, ...values: (NumericArray | number)[] | [Bindings]): Returned<M, T>;
  /** The names of the parameters, in the order in which they first appear. */
  readonly parameters: readonly string[];
}

/**
 * What evaluates expressions. Those of the door run on another thread and leave the event loop free; the arrays that
 * they read and write must stay as they are, and must not be transferred, until they are done: unlike calls of BLAS they
 * do not wait for those made before. Those of `sync` block.
 * Both use as many threads as `setThreads` says. They throw ArgumentError (the awaited ones reject) for arrays of
 * different lengths or types that cannot be written, for targets that overlap other arrays, and for unknown functions.
 */
export interface Elementwise<M extends Mode> {
  /** Computes an expression to a new array, a reduction to a number, or several by name in one pass. */
  evaluate<O extends Outcomes>(outcomes: O, options?: EvaluateOptions): Returned<M, Evaluated<O>>;
  /** Computes an expression into an array, which may be one that it reads. */
  evaluateInto<T extends TargetArray>(
    target: T,
    expression: Expression,
    options?: EvaluateOptions,
  ): Returned<M, T>;
  /** Computes a function of the elements of an array, or of several of one length, to a new array. */
  map<const A extends Arrays>(
    arrays: A,
    f: (...elements: Arguments<A>) => Expression,
    options?: EvaluateOptions,
  ): Returned<M, TargetArray>;
  /** The same into an array, which may be one of those. */
  mapInto<T extends TargetArray, const A extends Arrays>(
    target: T,
    arrays: A,
    f: (...elements: Arguments<A>) => Expression,
    options?: EvaluateOptions,
  ): Returned<M, T>;
  /** Makes one number, or several by name, of an array or of several of one length. */
  reduce<const A extends Arrays, O extends Outcomes>(
    arrays: A,
    f: (...elements: Arguments<A>) => O,
    options?: EvaluateOptions,
  ): Returned<M, Evaluated<O>>;
  /** An expression with parameters, as text or made with `parameter`, as a function that can be called often. */
  compile(text: string, options?: EvaluateOptions): Compiled<M>;
  compile<O extends Outcomes>(outcomes: O, options?: EvaluateOptions): Compiled<M, O>;
}

function apply<O>(routine: string, arrays: Arrays, f: (...elements: Expression[]) => O): O {
  if (typeof f !== "function") {
    throw new ArgumentError(`${routine}: expected a function of expressions, but got ${describe(f)}`);
  }
  const list = isNumericArray(arrays) ? [arrays] : arrays;
  if (!Array.isArray(list)) {
    throw new ArgumentError(
      `${routine}: expected a typed array or a list of those, but got ${describe(arrays)}`,
    );
  }
  const elements = list.map((elements, index) => {
    if (isNumericArray(elements)) return array(elements, `argument ${index + 1}`);
    throw new ArgumentError(`${routine}: array ${index + 1} is no typed array, but ${describe(elements)}`);
  });
  return f(...elements);
}

function checkExpression(routine: string, made: unknown): asserts made is Expression {
  if (made instanceof Expression) return;
  const hint = made instanceof Reduction ? "; reduce takes reductions" : "";
  throw new ArgumentError(`${routine}: expected an expression, but got ${describe(made)}${hint}`);
}

/** The values of the parameters by name. */
function bind(parameters: readonly string[], values: readonly unknown[]): Bindings {
  const [first] = values;
  const byName =
    values.length === 1 &&
    typeof first === "object" &&
    first !== null &&
    !ArrayBuffer.isView(first) &&
    !Array.isArray(first);
  if (byName) return first as Bindings;
  if (values.length !== parameters.length) {
    throw new ArgumentError(
      `compile: the expression has ${parameters.length} parameter${parameters.length === 1 ? "" : "s"} (${parameters.join(", ")}), but got ${values.length} value${values.length === 1 ? "" : "s"}`,
    );
  }
  return Object.fromEntries(parameters.map((parameter, index) => [parameter, values[index]])) as Bindings;
}

export function elementwise<M extends Mode>(mode: M): Elementwise<M> {
  // The awaited face rejects; it never throws.
  const guarded = <R>(begin: () => Returned<M, R>): Returned<M, R> => {
    if (mode === "sync") return begin();
    try {
      return begin();
    } catch (error) {
      return Promise.reject(error as Error) as Returned<M, R>;
    }
  };
  const run = <R>(
    routine: string,
    outcomes: Outcomes,
    targets: { [key: string]: unknown },
    options: EvaluateOptions,
  ): Returned<M, R> =>
    new Evaluation(routine, outcomes, options).run(mode, routine, {}, targets) as Returned<M, R>;

  return {
    evaluate: (outcomes, options = {}) => guarded(() => run("evaluate", outcomes, {}, options)),
    evaluateInto: (target, expression, options = {}) =>
      guarded(() => {
        checkExpression("evaluateInto", expression);
        return run("evaluateInto", expression, { "": target }, options);
      }),
    map: (arrays, f, options = {}) =>
      guarded(() => {
        const made = apply("map", arrays, f as (...elements: Expression[]) => Expression);
        checkExpression("map", made);
        return run("map", made, {}, options);
      }),
    mapInto: (target, arrays, f, options = {}) =>
      guarded(() => {
        const made = apply("mapInto", arrays, f as (...elements: Expression[]) => Expression);
        checkExpression("mapInto", made);
        return run("mapInto", made, { "": target }, options);
      }),
    reduce: (arrays, f, options = {}) =>
      guarded(() =>
        run(
          "reduce",
          apply("reduce", arrays, f as unknown as (...elements: Expression[]) => Outcomes),
          {},
          options,
        ),
      ),
    compile: (source: string | Outcomes, options: EvaluateOptions = {}) => {
      const evaluation = new Evaluation(
        "compile",
        typeof source === "string" ? parse(source) : source,
        options,
      );
      const { parameters } = evaluation;
      const into = (targets: { [key: string]: unknown }, values: readonly unknown[]): any =>
        guarded(() => evaluation.run(mode, "compile", bind(parameters, values), targets));
      return Object.assign((...values: unknown[]) => into({}, values), {
        into: (target: TargetArray, ...values: unknown[]) => into({ "": target }, values),
        parameters,
      }) as Compiled<M, any>;
    },
  };
}
