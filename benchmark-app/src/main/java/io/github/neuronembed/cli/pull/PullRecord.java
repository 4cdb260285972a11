package io.github.neuronembed.cli.pull;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The origin of a model directory, in its file {@value #FILE}, which exists only while the
 * directory is complete.
 *
 * @param endpoint the hub
 * @param repository the requested repository
 * @param listing the downloaded files
 */
record PullRecord(String endpoint, Repository repository, Listing listing) {

  static final String FILE = "neuron-embed-pull.json";

  private static final Gson GSON =
      new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

  /**
   * Reads it.
   *
   * @return empty if the folder has none
   * @throws HubException if it is damaged
   */
  static Optional<PullRecord> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
      List<RemoteFile> files = new ArrayList<>();
      for (JsonElement element : json.getAsJsonArray("files")) {
        JsonObject entry = element.getAsJsonObject();
        files.add(
            new RemoteFile(
                entry.get("path").getAsString(),
                entry.get("size").getAsLong(),
                Checksum.parse(entry.get("checksum").getAsString()).orElseThrow()));
      }
      return Optional.of(
          new PullRecord(
              json.get("endpoint").getAsString(),
              new Repository(
                  json.get("repository").getAsString(), json.get("revision").getAsString()),
              new Listing(json.get("commit").getAsString(), List.copyOf(files))));
    } catch (RuntimeException e) {
      throw new HubException(
          ("%s is damaged: delete it and pull again; files that are present and"
                  + " correct are not downloaded again.")
              .formatted(file),
          e);
    }
  }

  /** Writes it, whole or not at all. */
  void write(Path folder, Path staging) throws IOException {
    JsonObject json = new JsonObject();
    json.addProperty("endpoint", endpoint);
    json.addProperty("repository", repository.id());
    json.addProperty("revision", repository.revision());
    json.addProperty("commit", listing.commit());
    JsonArray files = new JsonArray();
    for (RemoteFile file : listing.files()) {
      JsonObject entry = new JsonObject();
      entry.addProperty("path", file.path());
      entry.addProperty("size", file.size());
      entry.addProperty("checksum", file.checksum().hex());
      files.add(entry);
    }
    json.add("files", files);
    Path staged = staging.resolve(FILE);
    Files.writeString(staged, GSON.toJson(json) + "\n");
    Files.move(staged, folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }
}
