package io.github.neuronembed.cli.pull;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.neuronembed.model.ModelOverrides;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The model directory's file for what the repository does not state. */
final class OverridesFile {

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  private OverridesFile() {}

  /** Writes known facts that the repository does not state, unless the file exists. */
  static void write(Path folder, Repository repository, PrintStream err) throws IOException {
    Path file = folder.resolve(ModelOverrides.FILE);
    if (Files.exists(file)) {
      return;
    }
    JsonObject overrides = new JsonObject();
    if (!folder.endsWith(repository.name())) {
      overrides.addProperty("name", repository.name());
    }
    Optional<KnownPrompts> known =
        statesQueryPrompt(folder) ? Optional.empty() : KnownPrompts.of(repository);
    known.ifPresent(
        prompts -> {
          overrides.addProperty("queryPrefix", prompts.query());
          overrides.addProperty("passagePrefix", prompts.passage());
          err.println(
              ("The repository states no prompts: %s now states \"%s\" before a query and"
                      + " \"%s\" before a passage, according to %s.")
                  .formatted(
                      ModelOverrides.FILE, prompts.query(), prompts.passage(), prompts.source()));
        });
    if (!overrides.isEmpty()) {
      Files.writeString(file, GSON.toJson(overrides) + "\n");
    }
  }

  private static boolean statesQueryPrompt(Path folder) throws IOException {
    Path file = folder.resolve("config_sentence_transformers.json");
    if (!Files.exists(file)) {
      return false;
    }
    try {
      JsonObject config = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      return config.get("prompts") instanceof JsonObject prompts && prompts.has("query");
    } catch (JsonParseException | IllegalStateException e) {
      // The check of the directory reports the error.
      return true;
    }
  }
}
