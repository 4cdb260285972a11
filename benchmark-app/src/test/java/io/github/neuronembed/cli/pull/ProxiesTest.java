package io.github.neuronembed.cli.pull;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.neuronembed.cli.UsageException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {

  private static final URI HUB = URI.create("https://hub.example/api");

  @ParameterizedTest
  @CsvSource({
    "https_proxy, http://p:3128, p:3128",
    "HTTPS_PROXY, http://p:3128, p:3128",
    "HTTPS_PROXY, p:3128, p:3128",
    "HTTPS_PROXY, http://p, p:80",
    "all_proxy, http://p:1, p:1",
    "ALL_PROXY, http://p:1, p:1",
    "HTTP_PROXY, http://p:1, ",
    "HTTPS_PROXY, '', ",
  })
  void isTakenByTheSchemeOfTheAddress(String name, String value, String proxy) {
    assertThat(Proxies.of(Map.of(name, value)).proxyOf(HUB).orElse(null)).isEqualTo(proxy);
  }

  @Test
  void lowerCaseAndTheOwnSchemeComeFirst() {
    Proxies proxies =
        Proxies.of(
            Map.of(
                "HTTPS_PROXY", "http://upper:1",
                "https_proxy", "http://lower:1",
                "all_proxy", "http://all:1"));
    assertThat(proxies.proxyOf(HUB)).contains("lower:1");
    assertThat(proxies.proxyOf(URI.create("http://hub.example"))).contains("all:1");
  }

  @ParameterizedTest
  @CsvSource({
    "hub.example, https://hub.example/, true",
    "HUB.example, https://hub.EXAMPLE/, true",
    ".example, https://hub.example/, true",
    "example, https://hub.example/, true",
    "*.example, https://hub.example/, true",
    "'other, hub.example', https://hub.example/, true",
    "*, https://hub.example/, true",
    "ub.example, https://hub.example/, false",
    "hub.example:443, https://hub.example/, true",
    "hub.example:8443, https://hub.example/, false",
    "10.1.2.3, https://10.1.2.3/, true",
    "10.0.0.0/8, https://10.1.2.3/, true",
    "10.0.0.0/8, https://11.1.2.3/, false",
    "0.0.0.0/0, https://11.1.2.3/, true",
    "0.0.0.0/0, https://hub.example/, false",
    "fd00::/8, 'https://[fd12::1]/', true",
    "10.0.0.0/33, https://10.1.2.3/, false",
    "hub.example/8, https://hub.example/, false",
    "',', https://hub.example/, false",
  })
  void whatNoProxyNamesIsAskedDirectly(String noProxy, URI uri, boolean direct) {
    for (String name : new String[] {"no_proxy", "NO_PROXY"}) {
      Proxies proxies = Proxies.of(Map.of("https_proxy", "http://p:1", name, noProxy));
      assertThat(proxies.proxyOf(uri).isEmpty()).isEqualTo(direct);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"socks5://p:1080", "https://p:3128", "http://", "http://a b", "http://s3cret@"})
  void whatIsNoHttpProxyIsRefusedWithoutItsValue(String value) {
    assertThatExceptionOfType(UsageException.class)
        .isThrownBy(() -> Proxies.of(Map.of("HTTPS_PROXY", value)))
        .withMessageStartingWith("HTTPS_PROXY is not the address of an HTTP proxy")
        .withMessageNotContaining("s3cret");
  }

  @Test
  void nameAndPasswordMayHaveEscapes() {
    Proxies proxies = Proxies.of(Map.of("https_proxy", "http://a%40b:c+%3Ad@p:1"));
    assertThat(proxies.login(HUB)).contains("Basic YUBiOmMrOmQ=");
    assertThat(proxies.proxyOf(HUB)).contains("p:1");
  }
}
