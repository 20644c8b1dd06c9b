/**
 * Signals that reach tsmpirun and are meant for the job. Each rank leads a process group of its own, so a terminal's
 * Ctrl-C or Ctrl-Z arrives only here.
 */

export interface SignalActions {
  /** The job shall end. */
  end(signal: NodeJS.Signals): void;
  /** Passed on to all ranks. */
  forward(signal: NodeJS.Signals): void;
  /** tsmpirun was stopped and goes on. */
  continued(): void;
}

export function watchSignals(actions: SignalActions): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
    process.on(signal, () => actions.end(signal));
  }
  // A listener for SIGUSR1 also keeps node from opening its debugger in the launcher.
  for (const signal of ["SIGUSR1", "SIGUSR2"] as const) {
    process.on(signal, () => actions.forward(signal));
  }
  process.on("SIGTSTP", () => {
    // Not SIGTSTP: the kernel ignores that one in a session without a terminal.
    actions.forward("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  });
  process.on("SIGCONT", () => {
    actions.forward("SIGCONT");
    actions.continued();
  });
}
