import type {
  Driver,
  DriverDeadLetters,
  DriverPublisher,
  DriverSchedule,
  DriverSubscriber,
  TakenLetter,
} from "../driver.ts";
import { forwardDeadLetters, forwardDriver, forwardLetter, forwardPublisher, forwardSchedule } from "../intercept.ts";
import type { Quiet } from "../observe/quiet-calls.ts";

type Stats = NonNullable<Driver["stats"]>;
type Seek = NonNullable<Driver["seek"]>;

/**
 * The same driver; every call of it that may reach the broker runs inside `quiet`. Settles are not wrapped here but where core calls
 * them, because a driver recognises its deliveries by identity.
 */
export function quietDriver(driver: Driver, quiet: Quiet): Driver {
  return forwardDriver(driver, {
    plan: (topology, signal) => quiet(() => driver.plan(topology, signal)),
    apply: (topology, options) => quiet(() => driver.apply(topology, options)),
    destroy: (topology) => quiet(() => driver.destroy(topology)),
    openPublisher: async (topic) => quietPublisher(await quiet(() => driver.openPublisher(topic)), quiet),
    openSubscriber: async (subscription, sink, options) =>
      quietSubscriber(await quiet(() => driver.openSubscriber(subscription, sink, options)), quiet),
    openDeadLetters: async (subscription) =>
      quietDeadLetters(await quiet(() => driver.openDeadLetters(subscription)), quiet),
    ...(driver.openSchedule === undefined
      ? {}
      : {
          openSchedule: async (topic) =>
            quietSchedule(await quiet(() => driver.openSchedule?.(topic) as Promise<DriverSchedule>), quiet),
        }),
    ...(driver.stats === undefined
      ? {}
      : { stats: (subscription) => quiet(() => driver.stats?.(subscription) as ReturnType<Stats>) }),
    ...(driver.seek === undefined
      ? {}
      : { seek: (subscription, to) => quiet(() => driver.seek?.(subscription, to) as ReturnType<Seek>) }),
    close: (timeoutMs) => quiet(() => driver.close(timeoutMs)),
  });
}

function quietPublisher(publisher: DriverPublisher, quiet: Quiet): DriverPublisher {
  return forwardPublisher(publisher, {
    publish: (batch) => quiet(() => publisher.publish(batch)),
    close: (timeoutMs) => quiet(() => publisher.close(timeoutMs)),
  });
}

function quietSchedule(schedule: DriverSchedule, quiet: Quiet): DriverSchedule {
  return forwardSchedule(schedule, {
    add: (batch) => quiet(() => schedule.add(batch)),
    ...(schedule.cancel === undefined ? {} : { cancel: inQuiet(quiet, schedule.cancel.bind(schedule)) }),
    ...(schedule.list === undefined ? {} : { list: inQuiet(quiet, schedule.list.bind(schedule)) }),
    close: (timeoutMs) => quiet(() => schedule.close(timeoutMs)),
  });
}

function quietSubscriber(subscriber: DriverSubscriber, quiet: Quiet): DriverSubscriber {
  return {
    extend: (deliveries) => quiet(() => subscriber.extend(deliveries)),
    ...(subscriber.overdueMs === undefined ? {} : { overdueMs: subscriber.overdueMs.bind(subscriber) }),
    stop: (timeoutMs) => quiet(() => subscriber.stop(timeoutMs)),
    close: (timeoutMs) => quiet(() => subscriber.close(timeoutMs)),
  };
}

function quietDeadLetters(letters: DriverDeadLetters, quiet: Quiet): DriverDeadLetters {
  return forwardDeadLetters(letters, {
    store: (letter) => quiet(() => letters.store(letter)),
    count: () => quiet(() => letters.count()),
    ...(letters.scan === undefined ? {} : { scan: inQuiet(quiet, letters.scan.bind(letters)) }),
    take: async (limit, waitMs) =>
      (await quiet(() => letters.take(limit, waitMs))).map((letter) => quietLetter(letter, quiet)),
    redeliver: (message) => quiet(() => letters.redeliver(message)),
    ...(letters.purge === undefined ? {} : { purge: inQuiet(quiet, letters.purge.bind(letters)) }),
    ...(letters.close === undefined ? {} : { close: inQuiet(quiet, letters.close.bind(letters)) }),
  });
}

function inQuiet<Args extends readonly unknown[], Result>(
  quiet: Quiet,
  act: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => quiet(() => act(...args));
}

function quietLetter(letter: TakenLetter, quiet: Quiet): TakenLetter {
  return forwardLetter(letter, {
    remove: () => quiet(() => letter.remove()),
    putBack: () => quiet(() => letter.putBack()),
  });
}
