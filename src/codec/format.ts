/**
 * The wire format of values. `encode.ts` writes it, `decode.ts` reads it; both take the numbers from here.
 *
 *     message  = VERSION flags value
 *     flags    = bit 0: some REF follows, so the reader has to number the objects it makes
 *     value    = tag and what the tag calls for
 *     varint   = 7 bits a byte, least significant first, high bit set on all but the last; up to 2^53 - 1
 *     raw      = zero bytes up to a multiple of 8 from the start of the message, then the bytes themselves
 *     latin1   = one byte a UTF-16 unit; utf16 = two bytes a unit, so that every JavaScript string survives
 *
 * Everything is little-endian, and so are the typed arrays that travel raw: all hosts of a job must be.
 *
 * Objects are numbered from 0 in the order in which they begin; REF n stands for the n-th one again, which is
 * how shared references and cycles keep their identity.
 *
 * A shape is the list of keys of a plain object. It is written out where it first occurs (OBJECT_DEFINE) and is
 * from then on known by its number in the message (OBJECT_SHAPE), so a table of a million rows names its columns
 * once:
 *
 *     shape    = u32 length of the keys in bytes, u32 hash of the keys, keys as strings
 *
 * The hash lets a reader that has met the shape in an earlier message find it without reading the keys; it
 * compares the bytes before it believes the hash. Objects used as dictionaries (many keys, or keys that never
 * repeat) are written key by key instead (OBJECT_KEYED).
 */

export const VERSION = 1;
export const HEADER_BYTES = 2;
export const FLAG_REFERENCES = 1;

/** 0x00 to 0x7f: the integer itself. */
export const SMALL_INT_LIMIT = 0x80;
/** 0x80 to 0xbf: a latin1 string of 0 to 63 units follows. */
export const SHORT_STRING = 0x80;
export const SHORT_STRING_LIMIT = 64;

export const UNDEFINED = 0xc0;
export const NULL = 0xc1;
export const FALSE = 0xc2;
export const TRUE = 0xc3;
/** i8, i16, i32, f64 */
export const INT8 = 0xc4;
export const INT16 = 0xc5;
export const INT32 = 0xc6;
export const DOUBLE = 0xc7;
/** varint units, units */
export const LATIN1 = 0xc8;
export const UTF16 = 0xc9;
/** i64 */
export const BIGINT64 = 0xca;
/** sign byte (1: negative), varint length, magnitude with the most significant byte first */
export const BIGINT = 0xcb;
/** varint number of an earlier object */
export const REF = 0xcc;
/** shape, then a value for each key */
export const OBJECT_DEFINE = 0xcd;
/** varint number of an earlier shape, then a value for each key */
export const OBJECT_SHAPE = 0xce;
/** varint count, then a string and a value for each */
export const OBJECT_KEYED = 0xcf;
/** varint length, that many values */
export const ARRAY = 0xd0;
/** varint length, varint count, then for each item (indices ascend): varint index, value */
export const SPARSE_ARRAY = 0xd1;
/** varint length, raw i32 or f64 items */
export const INT32_ARRAY = 0xd2;
export const DOUBLE_ARRAY = 0xd3;
/** f64 milliseconds, NaN for an invalid date */
export const DATE = 0xd4;
/** source and flags as strings */
export const REGEXP = 0xd5;
/** a boolean, number, bigint or string: the value of the object that wraps it */
export const BOXED = 0xd6;
/** varint count, then key and value for each */
export const MAP = 0xd7;
/** varint count, values */
export const SET = 0xd8;
/** see error-values.ts */
export const ERROR = 0xd9;
/** varint length, raw */
export const ARRAY_BUFFER = 0xda;
/** varint length, varint maximum, raw */
export const RESIZABLE_BUFFER = 0xdb;
/** dtype code, varint length in bytes, raw */
export const TYPED_ARRAY = 0xdc;
/** varint length, raw */
export const DATA_VIEW = 0xdd;

/**
 * How deep values may nest, on both sides. Both recurse: this many levels take at most a third of the stack that
 * Node gives a program. Without a limit a long linked list would end in a stack overflow.
 */
export const MAX_DEPTH = 500;

/** Objects with more keys than this, or longer ones, are dictionaries, not records: they get no shape. */
export const MAX_SHAPE_KEYS = 64;
export const MAX_SHAPE_KEY_LENGTH = 200;

/** Raw parts from this size on are handed out as chunks over the caller's memory, smaller ones are copied. */
export const ALIAS_BYTES = 1024;
