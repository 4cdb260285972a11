#!/bin/sh
# Reports the NeuronCores of this machine or container to Apache Spark. Name this script in
# spark.worker.resource.neuroncore.discoveryScript (standalone) or spark.executor.resource.neuroncore.discoveryScript
# (YARN, Kubernetes).
#
# The cores are those of NEURON_RT_VISIBLE_CORES (an index, a range or a list) if it is set, else those of the devices
# in /dev. NEURON_CORES_PER_ADDRESS (default 1) is the number of cores in one unit that Spark assigns.
# Spark sorts addresses as strings: numbers have the same number of digits, so that an executor's cores are
# neighbours, as libnrt requires.
set -eu

device_cores() {
  total=0
  for device in "${NEURON_DEVICES:-/dev}"/neuron[0-9]*; do
    [ -e "$device" ] || continue
    count=${NEURON_DEVICE_TREE:-/sys/devices/virtual/neuron_device}/${device##*/}/core_count
    if [ ! -r "$count" ]; then
      echo "discover-neuroncores: $count cannot be read; is the Neuron driver installed?" >&2
      return 1
    fi
    total=$((total + $(cat "$count")))
  done
  [ "$total" -eq 0 ] || echo "0-$((total - 1))"
}

cores=${NEURON_RT_VISIBLE_CORES:-}
[ -n "$cores" ] || cores=$(device_cores)

echo "$cores" | awk -v unit="${NEURON_CORES_PER_ADDRESS:-1}" '
  {
    parts = split($0, part, ",")
    for (i = 1; i <= parts; i++) {
      if (part[i] !~ /^ *[0-9]+(-[0-9]+)? *$/) {
        print "discover-neuroncores: " part[i] " is no core and no range of cores" > "/dev/stderr"
        bad = 1
        exit
      }
      ends = split(part[i], range, "-")
      if (range[ends] + 0 < range[1] + 0) {
        print "discover-neuroncores: the range " part[i] " ends before it begins" > "/dev/stderr"
        bad = 1
        exit
      }
      for (core = range[1] + 0; core <= range[ends] + 0; core++) {
        list[count++] = core
        if (core > most) most = core
      }
    }
  }
  END {
    if (bad) exit 1
    if (unit !~ /^[1-9][0-9]*$/ || count % unit != 0) {
      print "discover-neuroncores: " count + 0 " cores are not units of " unit > "/dev/stderr"
      exit 1
    }
    for (i = 0; i < count; i += unit) {
      if (list[i + unit - 1] != list[i] + unit - 1) {
        print "discover-neuroncores: a unit of " unit " from core " list[i] " on would have other cores in it" > "/dev/stderr"
        exit 1
      }
    }
    digits = "%0" length(most + 0 "") "d"
    printf "{\"name\": \"neuroncore\", \"addresses\": ["
    for (i = 0; i < count; i += unit) {
      printf "%s\"", i == 0 ? "" : ", "
      printf digits, list[i]
      if (unit > 1) printf "-" digits, list[i + unit - 1]
      printf "\""
    }
    print "]}"
  }'
