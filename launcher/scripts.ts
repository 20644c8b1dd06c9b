/** Scripts that node cannot run as they are. */
export const NEEDS_TRANSPILING = /\.([cm]?ts|tsx|jsx)$/;
