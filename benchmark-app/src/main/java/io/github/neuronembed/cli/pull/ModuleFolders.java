package io.github.neuronembed.cli.pull;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The folders that {@code modules.json} of a sentence-transformers model names.
 *
 * @param transformer the Transformer module's, empty or with a slash at its end
 * @param others those of the other modules, without one
 */
record ModuleFolders(String transformer, List<String> others) {

  /** Those of a repository without the file. */
  static final ModuleFolders NONE = new ModuleFolders("", List.of("1_Pooling"));

  /**
   * Reads the file.
   *
   * @throws HubException if it is no such list
   */
  static ModuleFolders read(Path file) throws IOException {
    String transformer = "";
    List<String> others = new ArrayList<>();
    try {
      for (JsonElement element : JsonParser.parseString(Files.readString(file)).getAsJsonArray()) {
        JsonObject module = element.getAsJsonObject();
        String path = module.get("path").getAsString().replaceFirst("/+$", "");
        if (module.get("type").getAsString().endsWith(".Transformer")) {
          transformer = path.isEmpty() ? "" : path + "/";
        } else if (!path.isEmpty()) {
          others.add(path);
        }
      }
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | UnsupportedOperationException e) {
      throw new HubException(
          "%s of the repository is not a list of modules: name another --revision or repository."
              .formatted(ModelFiles.MODULES),
          e);
    }
    return new ModuleFolders(transformer, List.copyOf(others));
  }
}
