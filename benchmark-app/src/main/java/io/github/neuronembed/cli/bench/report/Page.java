package io.github.neuronembed.cli.bench.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * The frame of a page that needs no other file. It contains its styles, its data and the scripts
 * that draw its pictures, and makes no request. It can be read on a phone, in print, in dark mode,
 * by keyboard and with a screen reader. Without scripts, only the pictures are missing.
 */
public final class Page {

  /** Chart.js, MIT licence, of the WebJar that the build pins. */
  private static final String CHART_LIBRARY =
      "/META-INF/resources/webjars/chart.js/4.5.1/dist/chart.umd.min.js";

  private static final Gson GSON = new GsonBuilder().create();

  private final StringBuilder html = new StringBuilder();
  private final JsonObject data = new JsonObject();

  /**
   * A picture, drawn by {@code report.js} from the page's data.
   *
   * @param id which picture
   * @param title its heading
   * @param alt what it shows, in a sentence, for readers who cannot see it
   */
  public record Picture(String id, String title, String alt) {}

  /** Begins a page. */
  public Page(String title) {
    html.append("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")
        .append("<meta name=\"color-scheme\" content=\"light dark\">")
        .append("<link rel=\"icon\" href=\"data:,\">")
        .append("<title>" + text(title) + "</title><style>" + resource("report.css").strip())
        .append("</style></head><body><main>\n<h1>" + text(title) + "</h1>\n");
  }

  /** Escapes plain text. */
  public static String text(String plain) {
    return plain
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Adds a paragraph. */
  public Page paragraph(String cssClass, String plain) {
    html.append("<p class=\"" + cssClass + "\">" + text(plain) + "</p>\n");
    return this;
  }

  /** Adds a heading of a section. */
  public Page heading(String plain) {
    html.append("<h2>" + text(plain) + "</h2>\n");
    return this;
  }

  /** Adds a picture. */
  public Page picture(Picture picture) {
    html.append(
        "<figure id=\"%s\"><figcaption>%s</figcaption><div class=\"canvas\"><canvas role=\"img\" aria-label=\"%s\"></canvas></div></figure>\n"
            .formatted(picture.id(), text(picture.title()), text(picture.alt())));
    return this;
  }

  /**
   * Adds a table.
   *
   * @param caption what it shows
   * @param headings of its columns; the first column names the line
   * @param lines its lines
   */
  public Page table(String caption, List<String> headings, List<Line> lines) {
    html.append("<table role=\"table\"><caption>" + text(caption) + "</caption>")
        .append("<thead role=\"rowgroup\"><tr role=\"row\">");
    headings.forEach(
        heading ->
            html.append("<th role=\"columnheader\" scope=\"col\">" + text(heading) + "</th>"));
    html.append("</tr></thead><tbody role=\"rowgroup\">\n");
    for (Line line : lines) {
      html.append("<tr role=\"row\" class=\"" + line.cssClass() + "\">");
      for (int i = 0; i < line.values().size(); i++) {
        String cell = i == 0 ? "th role=\"rowheader\" scope=\"row\"" : "td role=\"cell\"";
        html.append(
            "<%s data-heading=\"%s\">%s</%s>"
                .formatted(
                    cell, text(headings.get(i)), text(line.values().get(i)), i == 0 ? "th" : "td"));
      }
      html.append("</tr>\n");
    }
    html.append("</tbody></table>\n");
    return this;
  }

  /**
   * A line of a table.
   *
   * @param cssClass its style; empty for the ordinary one
   */
  public record Line(String cssClass, List<String> values) {}

  /** Adds a list with its own heading. */
  public Page list(String heading, List<String> lines, List<String> marked) {
    html.append("<h3>" + text(heading) + "</h3><ul>\n");
    for (String line : lines) {
      html.append(
          "<li%s>%s</li>\n"
              .formatted(marked.contains(line) ? " class=\"remark\"" : "", text(line)));
    }
    html.append("</ul>\n");
    return this;
  }

  /** Adds names with their values. */
  public Page facts(Map<String, String> facts) {
    html.append("<dl>\n");
    facts.forEach(
        (name, value) -> html.append("<dt>" + text(name) + "</dt><dd>" + text(value) + "</dd>\n"));
    html.append("</dl>\n");
    return this;
  }

  /** Adds data for the scripts. */
  public Page data(String name, JsonElement value) {
    data.add(name, value);
    return this;
  }

  /** Ends the page and writes it. */
  public void write(Appendable out) throws IOException {
    out.append(html)
        .append("</main>\n<script type=\"application/json\" id=\"data\">")
        // Inside a script, only its end tag is markup.
        .append(GSON.toJson(data).replace("<", "\\u003c"))
        .append("</script>\n<script>")
        .append(resource(CHART_LIBRARY).replaceAll("//# sourceMappingURL=\\S+", ""))
        .append("</script>\n<script>")
        .append(resource("report.js"))
        .append("</script>\n</body></html>\n");
  }

  private static String resource(String name) {
    try (InputStream in = Page.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("The application's file %s is missing.".formatted(name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
