export const usage = `orrery: shows what theory forecasts for a training run, next to what happens.

Usage
  orrery inspect [options] <script> [arguments…]   run a training script, unmodified, and watch it
  orrery doctor [options] [script]                 what a run would be run with, and what would bring a better backend
  orrery show <run>                                what a run recorded
  orrery ledger <run>                              its forecasts and how they fared
  orrery forecast <run> --at <step>                what the laws would have said of it at that step, and how they fared
  orrery laws                                      every law, what it needs, and how it has fared over the runs here
  orrery list                                      the runs that are there, newest first
  orrery import <folder or log>                    make a run that was recorded elsewhere, or a log, one of the runs here
  orrery stop <run>                                end a live run, with every process it has started
  orrery rebuild <run>                             make a run's file anew from its spool

  <run> is \`latest\`, a run's directory, its id, or the beginning or end of an id.

Options of inspect, of which doctor takes --backend, --node and --python
  --backend <name>   auto, script (as the script chooses), tensorflow, webgpu, wasm or cpu; default auto
  --budget <share>   share of the time that measuring may cost, as 5% or 0.05; default 5%
  --probe-batches <n>  batches that are kept, to measure on the same data while training goes on; default 4
  --probe-memory <MB>  memory that they may take; default 256
  --node <path>      the Node that runs the script; default: the one on the PATH, if it is 22.15 or newer
  --python <path>    the Python that runs a Python script; default: python3, else python, on the PATH
  --detach           start the run and return; it goes on by itself

Option of forecast
  --at <step>        the step as of which the laws are asked; default: the last one

Options of import, for a log: of a console, a table, JSON lines, or events of TensorBoard
  --pattern <regex>  finds the numbers in its lines, as (?<step>\\d+).*loss (?<train_loss>\\S+); default: by their names
  --steps <n>        the steps that the run was planned for, where the log does not say; some laws need it

Options of all
  --out <folder>     where runs are kept; default .orrery/runs
  --json             print JSON; numbers that JSON lacks are the strings "NaN", "Infinity" and "-Infinity"
  --help             print this

The script's own output goes to console.log in the run's directory. Ctrl-C stops the run and still prints the ledger;
a second Ctrl-C leaves at once, and the run is stopped without being waited for.

Exit codes
  0    all is well; for doctor: a run could start; for inspect: the script ended by itself and its loss stayed finite
  1    the script failed, or its loss is no longer finite
  2    the command line was not understood
  3    there is no such run, or it cannot be read
  4    the run could not be started
  130  the run was stopped by Ctrl-C
`;
