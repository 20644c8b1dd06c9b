// LAPACK drivers as src/linalg/lapack.ts calls them.
#include "blas.h"
#include "linalg-call.h"

namespace tsmpi {

const RoutineEntry lapackRoutines[] = {{}};

}  // namespace tsmpi
