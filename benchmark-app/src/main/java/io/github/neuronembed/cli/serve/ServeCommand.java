package io.github.neuronembed.cli.serve;

import io.github.neuronembed.Reranker;
import io.github.neuronembed.TextEmbedder;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.Command;
import io.github.neuronembed.cli.EmbedderArguments;
import io.github.neuronembed.cli.ExitCode;
import io.github.neuronembed.cli.NeuronEmbed;
import io.github.neuronembed.cli.Streams;
import io.github.neuronembed.cli.UsageException;
import io.github.neuronembed.cli.ValueOption;
import io.github.neuronembed.engine.EngineMetrics;
import io.github.neuronembed.engine.EngineOptions;
import io.github.neuronembed.model.CrossEncoderDirectory;
import io.github.neuronembed.model.ModelDirectory;
import io.github.neuronembed.vectors.Int8Ranges;
import io.github.neuronembed.vectors.RangesFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.apache.commons.cli.CommandLine;
import org.apache.commons.cli.Option;
import org.apache.commons.cli.Options;
import org.jspecify.annotations.Nullable;

/** Serves vectors over HTTP until the process receives a signal to end. */
public final class ServeCommand implements Command {

  /** The environment variable of the bearer token. */
  static final String TOKEN_VARIABLE = "NEURON_EMBED_TOKEN";

  private static final String LOCAL = "127.0.0.1";
  private static final int MEBIBYTE = 1024 * 1024;

  /** Bodies may take the heap divided by this number, and answers as much again. */
  private static final int HEAP_PER_BODIES = 8;

  @Override
  public String name() {
    return "serve";
  }

  @Override
  public String summary() {
    return "Serve vectors over HTTP, to clients of OpenAI and of text-embeddings-inference.";
  }

  @Override
  public String arguments() {
    return "[options]";
  }

  @Override
  public Options options() {
    Options options = new Options();
    EmbedderArguments.addTo(options);
    EmbedderArguments.addThreadsTo(options);
    ValueOption.addTo(
        options,
        "reranker",
        "DIR",
        "a cross-encoder's directory, for /rerank; it runs on ONNX Runtime");
    ValueOption.addTo(
        options, "host", "ADDRESS", "address to listen on (default 127.0.0.1: this machine only)");
    ValueOption.addTo(options, "port", "PORT", "port to listen on (default 8080; 0: any free one)");
    ValueOption.addTo(
        options,
        "token-file",
        "FILE",
        "file with the bearer token that clients must send; without it, the token"
            + " in "
            + TOKEN_VARIABLE
            + ", if any");
    ValueOption.addTo(
        options,
        "model-alias",
        "NAME",
        "another name that requests may give the model; repeatable");
    options.addOption(
        Option.builder()
            .longOpt("strict")
            .desc("reject a text with more tokens than the model takes, instead of truncating it")
            .get());
    options.addOption(
        Option.builder()
            .longOpt("texts-only")
            .desc("reject token ids, which some clients make with another model's tokenizer")
            .get());
    ValueOption.addTo(
        options,
        "ranges",
        "FILE",
        "for int8 vectors: the range of each element, as 'embed --write-ranges' wrote it");
    ValueOption.addTo(
        options,
        "cors-origin",
        "ORIGIN",
        "origin of web pages that may send requests from a browser, * for all; repeatable");
    ValueOption.addTo(options, "max-body", "MIB", "maximum size of a request in MiB (default 8)");
    ValueOption.addTo(
        options, "max-texts", "COUNT", "maximum number of texts per request (default 2048)");
    ValueOption.addTo(
        options, "max-requests", "COUNT", "maximum number of requests in flight (default 512)");
    ValueOption.addTo(
        options, "max-connections", "COUNT", "maximum number of connections (default 1024)");
    ValueOption.addTo(
        options,
        "receive-timeout",
        "SECONDS",
        "time limit for a connection's first headers and for each body (default 30)");
    ValueOption.addTo(
        options, "request-timeout", "SECONDS", "how long a request may take (default 60)");
    ValueOption.addTo(
        options,
        "drain-timeout",
        "SECONDS",
        "how long requests may continue after SIGTERM (default 25)");
    return options;
  }

  @Override
  public int run(CommandLine arguments, Streams streams) throws IOException, InterruptedException {
    requireOptionsOnly(arguments);
    ModelDirectory model = EmbedderArguments.model(arguments);
    ServerOptions options = serverOptions(arguments, model);
    try (ServerMetrics metrics = new ServerMetrics();
        TextEmbedder embedder = open(arguments, model, options, metrics);
        Reranker reranker = reranker(arguments, options, metrics)) {
      // Do the slow work of a first execution before a client waits for it.
      embedder.warmUp();
      embedder.embedPassage("ready");
      if (reranker != null) {
        reranker.warmUp();
        reranker.score("ready", "ready");
      }
      try (EmbeddingServer server =
          EmbeddingServer.start(
              embedder, reranker, model, options, metrics, NeuronEmbed.version())) {
        TerminationSignal end = new TerminationSignal();
        streams
            .err()
            .printf(
                "neuron-embed: %s on %s. %s%n",
                embedder.modelName(), embedder.backend(), embedder.backendReason());
        if (reranker != null) {
          streams
              .err()
              .printf("neuron-embed: %s on %s.%n", reranker.modelName(), reranker.backend());
        }
        warnIfOpen(options, streams);
        streams
            .err()
            .printf(
                "neuron-embed: serving on http://%s:%s%n", inUrl(options.host()), server.port());
        end.await();
        streams.err().println("neuron-embed: shutting down; requests in flight are served first.");
        if (!server.drain()) {
          streams.err().println("neuron-embed: some requests did not end in time.");
        }
      }
    }
    return ExitCode.DONE;
  }

  private static ServerOptions serverOptions(CommandLine arguments, ModelDirectory model)
      throws IOException {
    return ServerOptions.builder()
        .host(arguments.getOptionValue("host", LOCAL))
        .port(number(arguments, "port", 8080, 0, 65_535))
        .token(token(arguments))
        .corsOrigins(all(arguments, "cors-origin"))
        .modelAliases(all(arguments, "model-alias"))
        .truncation(
            arguments.hasOption("strict") ? TruncationPolicy.STRICT : TruncationPolicy.TRUNCATE)
        .textsOnly(arguments.hasOption("texts-only"))
        .ranges(ranges(arguments, model))
        .maxBodyBytes(number(arguments, "max-body", 8, 1, 1024) * MEBIBYTE)
        .maxBufferedBytes(Runtime.getRuntime().maxMemory() / HEAP_PER_BODIES)
        .maxTexts(number(arguments, "max-texts", 2048, 1, 1_000_000))
        .maxRequests(number(arguments, "max-requests", 512, 1, 1_000_000))
        .maxConnections(number(arguments, "max-connections", 1024, 1, 1_000_000))
        .receiveTimeout(seconds(arguments, "receive-timeout", 30, 1))
        .requestTimeout(seconds(arguments, "request-timeout", 60, 1))
        .drainTimeout(seconds(arguments, "drain-timeout", 25, 0))
        .build();
  }

  private static @Nullable Int8Ranges ranges(CommandLine arguments, ModelDirectory model)
      throws IOException {
    String file = arguments.getOptionValue("ranges");
    if (file == null) {
      return null;
    }
    Int8Ranges ranges = RangesFile.read(Path.of(file));
    try {
      model.matryoshka().require(ranges.dimension(), model.name());
    } catch (IllegalArgumentException e) {
      throw new UsageException("--ranges %s: %s".formatted(file, e.getMessage()));
    }
    return ranges;
  }

  private static Duration seconds(CommandLine arguments, String option, int byDefault, int least) {
    return Duration.ofSeconds(number(arguments, option, byDefault, least, 86_400));
  }

  private static Set<String> all(CommandLine arguments, String option) {
    String[] values = arguments.getOptionValues(option);
    return values == null ? Set.of() : new HashSet<>(Arrays.asList(values));
  }

  private static int number(
      CommandLine arguments, String option, int byDefault, int least, int most) {
    String given = arguments.getOptionValue(option);
    if (given == null) {
      return byDefault;
    }
    try {
      int number = Integer.parseInt(given);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The message is below.
    }
    throw new UsageException(
        "--%s is a number from %s to %s, not '%s'.".formatted(option, least, most, given));
  }

  private static @Nullable BearerToken token(CommandLine arguments) throws IOException {
    String file = arguments.getOptionValue("token-file");
    if (file != null) {
      return BearerToken.read(Path.of(file));
    }
    String variable = System.getenv(TOKEN_VARIABLE);
    return variable == null ? null : BearerToken.of(variable, TOKEN_VARIABLE);
  }

  /**
   * The lanes hold as much as one request may contain, so that an idle server never refuses a valid
   * request.
   */
  private static TextEmbedder open(
      CommandLine arguments, ModelDirectory model, ServerOptions options, ServerMetrics metrics) {
    return EmbedderArguments.builder(arguments, model)
        .truncation(options.truncation())
        .engine(engine -> configure(engine, model.maxTokens(), options, metrics, model.name()))
        .build();
  }

  private static @Nullable Reranker reranker(
      CommandLine arguments, ServerOptions options, ServerMetrics metrics) {
    String folder = arguments.getOptionValue("reranker");
    if (folder == null) {
      return null;
    }
    CrossEncoderDirectory model = CrossEncoderDirectory.open(Path.of(folder));
    return Reranker.builder()
        .model(model)
        .truncation(options.truncation())
        .engine(engine -> configure(engine, model.maxTokens(), options, metrics, model.name()))
        .build();
  }

  private static void configure(
      EngineOptions.Builder engine,
      int maxTokens,
      ServerOptions options,
      ServerMetrics metrics,
      String name) {
    EngineOptions usual = EngineOptions.builder().build();
    engine
        .maxQueuedRequests(Math.max(usual.maxQueuedRequests(), options.maxTexts()))
        .maxQueuedTokens(Math.max(usual.maxQueuedTokens(), (long) options.maxTexts() * maxTokens))
        .closeTimeout(Duration.ZERO)
        .listener(new EngineMetrics(metrics.registry(), name));
  }

  private static void warnIfOpen(ServerOptions options, Streams streams)
      throws UnknownHostException {
    if (options.token() == null && !InetAddress.getByName(options.host()).isLoopbackAddress()) {
      streams
          .err()
          .printf(
              "neuron-embed: anyone who can reach %s can send requests: set %s, or"
                  + " restrict access to the port.%n",
              options.host(), TOKEN_VARIABLE);
    }
  }

  private static String inUrl(String host) {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }
}
