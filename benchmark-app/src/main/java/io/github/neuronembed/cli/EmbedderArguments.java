package io.github.neuronembed.cli;

import io.github.neuronembed.BackendChoice;
import io.github.neuronembed.CpuModels;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TextEmbedderBuilder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.model.NeuronManifest;
import io.github.neuronembed.model.Precision;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;

/** The options by which every command names a model and what runs it. */
public final class EmbedderArguments {

  private static final String ORIGINAL_GRAPH = "original-graph";
  private static final String THREADS = "threads";

  private EmbedderArguments() {}

  /** Adds {@code --model}, {@code --backend}, {@code --precision} and {@code --original-graph}. */
  public static void addTo(Options options) {
    addModelTo(options);
    addBackendTo(options);
    options.addOption(
        Option.builder()
            .longOpt("precision")
            .hasArg()
            .argName("TYPE")
            .desc(
                "precision on a CPU: "
                    + names(Precision.values())
                    + " (default exact: equal to fp32 up to rounding, on the fastest backend)")
            .get());
    options.addOption(
        Option.builder()
            .longOpt(ORIGINAL_GRAPH)
            .desc(
                "on ONNX Runtime, run the model's unchanged file, not the copy that is"
                    + " rewritten for speed")
            .get());
  }

  /** Adds {@code --backend}. */
  public static void addBackendTo(Options options) {
    options.addOption(
        Option.builder("b")
            .longOpt("backend")
            .hasArg()
            .argName("NAME")
            .desc("the backend: " + names(BackendChoice.values()) + " (default auto)")
            .get());
  }

  /** Adds {@code --threads}, for commands that do not measure executions themselves. */
  public static void addThreadsTo(Options options) {
    options.addOption(
        Option.builder()
            .longOpt(THREADS)
            .hasArg()
            .argName("N")
            .desc(
                "threads of one execution on a CPU (default 1: several texts run at once,"
                    + " each on one thread; more threads shorten the time of a single long text)")
            .get());
  }

  /** Adds {@code --model} alone. */
  public static void addModelTo(Options options) {
    options.addOption(
        Option.builder("m")
            .longOpt("model")
            .hasArg()
            .argName("NAME|DIR")
            .desc("the model: bge-small-en-v1.5 (default) or a model directory")
            .get());
  }

  /**
   * Opens what the arguments name.
   *
   * @throws UsageException if an argument is invalid
   * @throws io.github.neuronembed.EmbeddingException if the model or the backend cannot be opened
   */
  public static TextEmbedder open(CommandLine arguments, TruncationPolicy truncation) {
    return builder(arguments, model(arguments)).truncation(truncation).build();
  }

  /**
   * The model that the arguments name.
   *
   * @throws UsageException if there is none of that name
   * @throws io.github.neuronembed.ModelLoadException if it is incomplete or damaged
   */
  public static ModelDirectory model(CommandLine arguments) {
    return ModelArgument.resolve(arguments.getOptionValue("model", ModelArgument.AT_HAND));
  }

  /**
   * A builder of an embedder with the settings of the arguments.
   *
   * @throws UsageException if an argument is invalid
   */
  public static TextEmbedderBuilder builder(CommandLine arguments, ModelDirectory model) {
    return TextEmbedder.builder()
        .model(model)
        .backend(given(arguments))
        .precision(precision(arguments))
        .preparedGraph(preparedGraph(arguments))
        .threadsPerExecution(threads(arguments));
  }

  private static int threads(CommandLine arguments) {
    String given = arguments.getOptionValue(THREADS, "1");
    try {
      int threads = Integer.parseInt(given);
      if (threads >= 1 && threads <= 256) {
        return threads;
      }
    } catch (NumberFormatException e) {
      // Refused below.
    }
    throw new UsageException(
        "--threads takes a whole number, 1 to 256, not '%s'.".formatted(given));
  }

  /**
   * What a CPU is to compute with.
   *
   * @throws UsageException if the argument is invalid, or the backend has no such precision
   */
  public static Precision precision(CommandLine arguments) {
    Precision precision = choice(arguments, "precision", Precision.EXACT, Precision.values());
    if (precision == Precision.FP32 && given(arguments) == BackendChoice.CPU) {
      throw new UsageException(
          "--backend cpu computes --precision exact or int8; fp32 goes with --backend onnx.");
    }
    return precision;
  }

  /** The backend that was asked for; {@link BackendChoice#AUTO} where none was. */
  public static BackendChoice given(CommandLine arguments) {
    return choice(arguments, "backend", BackendChoice.AUTO, BackendChoice.values());
  }

  /**
   * What the arguments choose to run a model. With {@code auto} that is the device if the model is
   * compiled for one, even where there is none, else what computes it on the CPU: for commands that
   * are asked about a backend, and would mislead with another one's answer.
   *
   * @throws UsageException if the argument is invalid
   * @throws io.github.neuronembed.ModelLoadException if the manifest of compiled models is damaged,
   *     or a file of the model
   */
  public static BackendChoice backend(CommandLine arguments, ModelDirectory model) {
    BackendChoice choice = given(arguments);
    if (choice != BackendChoice.AUTO) {
      return choice;
    }
    boolean compiled =
        Files.isRegularFile(model.neuronManifestFile()) && !NeuronManifest.of(model).emulated();
    if (compiled) {
      return BackendChoice.NEURON;
    }
    Precision precision = precision(arguments);
    return precision != Precision.FP32
            && preparedGraph(arguments)
            && model.onnxPrecisions().contains(Precision.FP32)
            && CpuModels.compute(model, precision)
        ? BackendChoice.CPU
        : BackendChoice.ONNX;
  }

  /** Whether ONNX Runtime runs a rewritten model where there can be one. */
  public static boolean preparedGraph(CommandLine arguments) {
    return !arguments.hasOption(ORIGINAL_GRAPH);
  }

  /**
   * One of the values of an enum.
   *
   * @throws UsageException if the argument is none of them
   */
  public static <E extends Enum<E>> E choice(
      CommandLine arguments, String option, E byDefault, E[] values) {
    String given = arguments.getOptionValue(option);
    if (given == null) {
      return byDefault;
    }
    return List.of(values).stream()
        .filter(value -> name(value).equals(given))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "--%s is one of %s, not '%s'.".formatted(option, names(values), given)));
  }

  /** The values of an enum, as they are written on the command line. */
  public static <E extends Enum<E>> String names(E[] values) {
    return Arrays.stream(values).map(EmbedderArguments::name).collect(Collectors.joining("|"));
  }

  /** A value of an enum, as it is written on the command line. */
  public static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
