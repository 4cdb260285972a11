package io.github.neuronembed.cli;

import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** How far a long run has come, on standard error, if that is a terminal; else nothing. */
public final class Progress implements AutoCloseable {

  private static final int UPDATE_MILLIS = 250;

  private final @Nullable ProgressBar bar;
  private final PrintStream err;

  private Progress(@Nullable ProgressBar bar, PrintStream err) {
    this.bar = bar;
    this.err = err;
  }

  /** Starts one with an unknown end. */
  public static Progress start(String task, String unit, Streams streams) {
    return start(task, unit, -1, streams);
  }

  /**
   * Starts one.
   *
   * @param steps how many steps make the whole, -1 if that is not known
   */
  public static Progress start(String task, String unit, long steps, Streams streams) {
    return start(task, unit, 1, steps, streams);
  }

  /**
   * Starts one of small steps that are shown in a larger unit.
   *
   * @param unitSteps steps that make one unit
   * @param steps how many steps make the whole, -1 if that is not known
   */
  public static Progress start(
      String task, String unit, long unitSteps, long steps, Streams streams) {
    if (!streams.terminal()) {
      return new Progress(null, streams.err());
    }
    ProgressBar bar =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setUnit(" " + unit, unitSteps)
            .setInitialMax(steps)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(new ConsoleProgressBarConsumer(streams.err()))
            .showSpeed()
            .build();
    return new Progress(bar, streams.err());
  }

  /** One step was made. */
  public void step() {
    if (bar != null) {
      bar.step();
    }
  }

  /** Sets the total number of steps. */
  public void stepTo(long steps) {
    if (bar != null) {
      bar.stepTo(steps);
    }
  }

  /** Prints a line above the progress. */
  public void say(String line) {
    err.println((bar == null ? "" : "\r") + line);
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
