package io.github.neuronembed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The launchers of Linux and macOS, and of Windows. */
class LauncherTest {

  /** An option of the JVM that does not depend on the shell, or the main class. */
  private static final Pattern OPTION =
      Pattern.compile("(?<= )(--?[a-zX][\\w:+=.-]*|io\\.github\\.[\\w.]+)(?= )");

  private static Set<String> options(String launcher) throws IOException {
    String text = Files.readString(Path.of("src/main", launcher));
    String start = text.substring(text.indexOf("--enable-native-access") - 1);
    return OPTION
        .matcher(start.replaceAll("-Dneuronembed.terminal=\\S+", "").replaceAll("\\s", " "))
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toSet());
  }

  @Test
  void bothStartTheSame() throws Exception {
    assertThat(options("cmd/neuron-embed.cmd"))
        .isEqualTo(options("sh/neuron-embed"))
        .contains("-cp", "--enable-native-access=ALL-UNNAMED", NeuronEmbed.class.getName());
  }

  @Test
  void windowsReadsItsLauncher() throws Exception {
    // cmd.exe loses its place at a label where lines do not end in CR LF.
    assertThat(Files.readString(Path.of("src/main/cmd/neuron-embed.cmd")).replace("\r\n", ""))
        .doesNotContain("\n", "\r");
  }
}
