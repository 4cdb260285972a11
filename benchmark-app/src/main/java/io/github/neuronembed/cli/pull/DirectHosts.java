package io.github.neuronembed.cli.pull;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The hosts that {@code NO_PROXY} names, separated by commas: a host covers itself and every host
 * below it, with or without a leading dot; {@code HOST:PORT} covers one port; {@code 10.0.0.0/8}
 * covers addresses that are given as numbers; {@code *} covers all. A name is never looked up.
 */
final class DirectHosts {

  /** An IPv4 or IPv6 address in numbers: for these alone does Java ask no name server. */
  private static final Pattern NUMBERS = Pattern.compile("[0-9.]+|[0-9a-f:.]*:[0-9a-f:.]*");

  private record Network(BigInteger address, int bytes, int prefix) {
    boolean covers(InetAddress other) {
      byte[] raw = other.getAddress();
      int free = bytes * 8 - prefix;
      return raw.length == bytes
          && new BigInteger(1, raw).shiftRight(free).equals(address.shiftRight(free));
    }
  }

  private final List<String> names = new ArrayList<>();
  private final List<Network> networks = new ArrayList<>();
  private boolean all;

  private DirectHosts() {}

  /** Reads the variable's value; what makes no sense covers nothing. */
  static DirectHosts parse(String value) {
    DirectHosts hosts = new DirectHosts();
    for (String entry : value.toLowerCase(Locale.ROOT).split(",", -1)) {
      String name = entry.strip().replaceFirst("^\\*?\\.+", "");
      if (name.equals("*")) {
        hosts.all = true;
      } else if (name.contains("/")) {
        network(name).ifPresent(hosts.networks::add);
      } else if (!name.isEmpty()) {
        hosts.names.add(name);
      }
    }
    return hosts;
  }

  private static Optional<Network> network(String entry) {
    int slash = entry.indexOf('/');
    try {
      int prefix = Integer.parseInt(entry.substring(slash + 1));
      return address(entry.substring(0, slash))
          .map(a -> new Network(new BigInteger(1, a.getAddress()), a.getAddress().length, prefix))
          .filter(network -> prefix >= 0 && prefix <= network.bytes() * 8);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<InetAddress> address(String host) {
    String bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    if (!NUMBERS.matcher(bare).matches()) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(bare));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** Whether an address is asked directly. */
  boolean covers(URI uri) {
    String host = uri.getHost().toLowerCase(Locale.ROOT);
    String withPort = host + ":" + HubSettings.port(uri);
    return all
        || names.stream().anyMatch(name -> covers(name, host) || covers(name, withPort))
        || address(host)
            .filter(a -> networks.stream().anyMatch(network -> network.covers(a)))
            .isPresent();
  }

  private static boolean covers(String name, String host) {
    return host.equals(name) || host.endsWith("." + name);
  }
}
