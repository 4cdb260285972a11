package io.github.neuronembed.nrt;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Status codes of libnrt, as its public headers list them (Neuron SDK 2.28). A newer runtime may
 * return others: they are kept as numbers, see {@link NrtException#statusNumber()}.
 */
public enum NrtStatus {
  /** Success. */
  NRT_SUCCESS(0, StatusClass.SUCCESS),
  /** A failure without a specific code; libnrt's log has details. */
  NRT_FAILURE(1, StatusClass.UNSPECIFIC),
  /**
   * Invalid NEFF, argument, tensor name or size; at init: no device, or driver and runtime differ.
   */
  NRT_INVALID(2, StatusClass.CALLER_BUG),
  /** Invalid handle. */
  NRT_INVALID_HANDLE(3, StatusClass.CALLER_BUG),
  /** A device resource, for example memory, could not be allocated. */
  NRT_RESOURCE(4, StatusClass.RESOURCES),
  /** The operation timed out: an execution hangs. */
  NRT_TIMEOUT(5, StatusClass.HANG),
  /** Hardware failure; at load also a NEFF for another chip. */
  NRT_HW_ERROR(6, StatusClass.HARDWARE),
  /** The execution queue is full. */
  NRT_QUEUE_FULL(7, StatusClass.TRANSIENT),
  /** Not enough NeuronCores to load the NEFF. */
  NRT_LOAD_NOT_ENOUGH_NC(9, StatusClass.RESOURCES),
  /** The runtime is too old for the NEFF, or the NEFF is for another chip. */
  NRT_UNSUPPORTED_NEFF_VERSION(10, StatusClass.VERSION),
  /** Host memory could not be allocated. */
  NRT_FAIL_HOST_MEM_ALLOC(11, StatusClass.RESOURCES),
  /** The runtime is not initialised. */
  NRT_UNINITIALIZED(13, StatusClass.CALLER_BUG),
  /** The runtime is closed. */
  NRT_CLOSED(14, StatusClass.CALLER_BUG),
  /** A queue without data was read. */
  NRT_QUEUE_EMPTY(15, StatusClass.TRANSIENT),
  /** The core cannot recover without a reset: restart the process at least. */
  NRT_EXEC_UNIT_UNRECOVERABLE(101, StatusClass.CORE_DEAD),
  /** An input does not fit the model. */
  NRT_EXEC_BAD_INPUT(1002, StatusClass.CALLER_BUG),
  /** The execution produced NaN; its outputs are suspect. */
  NRT_EXEC_COMPLETED_WITH_NUM_ERR(1003, StatusClass.BAD_DATA),
  /** The execution ended with a device error. */
  NRT_EXEC_COMPLETED_WITH_ERR(1004, StatusClass.HARDWARE),
  /** The core is in use by another model or process. */
  NRT_EXEC_NC_BUSY(1005, StatusClass.TRANSIENT),
  /** An index is out of bounds, for example a token id beyond the vocabulary. */
  NRT_EXEC_OOB(1006, StatusClass.BAD_DATA),
  /** A collective operation is pending. */
  NRT_COLL_PENDING(1100, StatusClass.TRANSIENT),
  /** Stuck in a collective operation. */
  NRT_EXEC_HW_ERR_COLLECTIVES(1200, StatusClass.OTHER),
  /** Uncorrectable error in device memory. */
  NRT_EXEC_HW_ERR_HBM_UE(1201, StatusClass.HARDWARE),
  /** Parity error in a NeuronCore's memory. */
  NRT_EXEC_HW_ERR_NC_UE(1202, StatusClass.HARDWARE),
  /** A DMA engine failed. */
  NRT_EXEC_HW_ERR_DMA_ABORT(1203, StatusClass.HARDWARE),
  /** The notification queue overflowed: set {@code NEURON_RT_ENABLE_DGE_NOTIFICATIONS=0}. */
  NRT_EXEC_SW_NQ_OVERFLOW(1204, StatusClass.OTHER),
  /** Repairable error in device memory. */
  NRT_EXEC_HW_ERR_REPAIRABLE_HBM_UE(1205, StatusClass.HARDWARE_REPAIRABLE),
  /** The network proxy of collective operations failed. */
  NRT_NETWORK_PROXY_FAILURE(1206, StatusClass.OTHER);

  private static final Map<Integer, NrtStatus> BY_NUMBER =
      Arrays.stream(values()).collect(Collectors.toMap(NrtStatus::number, Function.identity()));

  private final int number;
  private final StatusClass statusClass;

  NrtStatus(int number, StatusClass statusClass) {
    this.number = number;
    this.statusClass = statusClass;
  }

  /**
   * The status of a number.
   *
   * @param number as libnrt returned it
   * @return null for a number that the public headers do not have
   */
  public static @Nullable NrtStatus ofNumber(int number) {
    return BY_NUMBER.get(number);
  }

  /** libnrt's number. */
  public int number() {
    return number;
  }

  /** What to do about the status. */
  public StatusClass statusClass() {
    return statusClass;
  }
}
