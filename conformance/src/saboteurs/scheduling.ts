import {
  type Attributes,
  type Driver,
  type DriverSchedule,
  type ScheduleRequest,
  waitingMs,
} from "@anytopic/core/driver";
import { forwardRequest, forwardSchedule } from "../intercept.ts";
import { sabotageDriver, type Saboteur } from "./saboteur.ts";

/** Changes how the messages of each topic are scheduled. */
function sabotageSchedule(
  changes: (schedule: DriverSchedule, driver: Driver) => Partial<DriverSchedule>,
): Saboteur["sabotage"] {
  return sabotageDriver((driver) => ({
    openSchedule: async (topic) => {
      const schedule = await (driver.openSchedule?.(topic) as Promise<DriverSchedule>);
      return forwardSchedule(schedule, changes(schedule, driver));
    },
  }));
}

/** The same message, due at another time. */
function dueIn(request: ScheduleRequest, delayMs: number): ScheduleRequest {
  return { ...forwardRequest(request, {}), awaited: true, due: { atMs: Date.now() + delayMs, delayMs } };
}

function delayOf({ due }: ScheduleRequest): number {
  return due === undefined ? 0 : waitingMs(due, Date.now());
}

/** Adapters whose broker is wrong about messages that are not due yet. */
export const scheduling: readonly Saboteur[] = [
  {
    name: "due-too-early",
    wrong: "delays are rounded down to whole seconds",
    killedBy: ["delay.never-early"],
    says: "came too early",
    sabotage: sabotageSchedule((schedule) => ({
      add: (batch) => schedule.add(batch.map((one) => dueIn(one, Math.floor(delayOf(one) / 1000) * 1000))),
    })),
  },
  {
    name: "one-wait-queue",
    wrong: "all delayed messages wait in one queue, of which only the oldest is looked at",
    killedBy: ["delay.many", "delay.never-early"],
    says: "to complete",
    sabotage: sabotageSchedule((schedule) => {
      let lastMs = 0;
      return {
        add(batch) {
          for (const request of batch) {
            lastMs = Math.max(lastMs, Date.now() + delayOf(request));
            schedule.add([dueIn(request, lastMs - Date.now())]);
          }
        },
      };
    }),
  },
  {
    name: "lose-scheduled",
    wrong: "a schedule is confirmed before it is stored, and is lost with the connection that has made it",
    killedBy: ["delay.publisher-gone"],
    says: "to complete",
    sabotage: sabotageSchedule((schedule) => {
      const ids: string[] = [];
      return {
        add(batch) {
          for (const { id } of batch) ids.push(id);
          schedule.add(batch);
        },
        async close(timeoutMs) {
          for (const id of ids) await schedule.cancel?.(id);
          await schedule.close(timeoutMs);
        },
      };
    }),
  },
  {
    name: "bare-scheduled",
    wrong: "a message that was moved when it became due has lost its attributes",
    killedBy: ["delay.arrives"],
    says: "attributes",
    sabotage: sabotageSchedule((schedule) => ({
      add: (batch) =>
        schedule.add(
          batch.map((one) => ({ ...dueIn(one, delayOf(one)), attributes: Object.create(null) as Attributes })),
        ),
    })),
  },
  {
    name: "cancel-says-yes",
    wrong: "cancel always says that the message was cancelled",
    killedBy: ["delay.cancel"],
    says: "what cancel says",
    sabotage: sabotageSchedule((schedule) => ({
      cancel: async (id) => {
        await schedule.cancel?.(id);
        return true;
      },
    })),
  },
  {
    name: "cancel-forgets",
    wrong: "cancel takes the message out of the list, and it is delivered all the same",
    killedBy: ["delay.cancel"],
    says: "the messages that arrived",
    sabotage: sabotageSchedule((schedule) => {
      const cancelled = new Set<string>();
      return {
        async cancel(id) {
          const known = (await schedule.list?.(1000)) ?? [];
          if (cancelled.has(id) || !known.some((one) => one.id === id)) return false;
          cancelled.add(id);
          return true;
        },
        list: async (limit) =>
          ((await schedule.list?.(1000)) ?? []).filter(({ id }) => !cancelled.has(id)).slice(0, limit),
      };
    }),
  },
  {
    name: "list-as-stored",
    wrong: "the list is in the order in which the messages were scheduled",
    killedBy: ["delay.list"],
    says: "by their times",
    sabotage: sabotageSchedule((schedule) => {
      const order: string[] = [];
      return {
        add(batch) {
          for (const { id } of batch) order.push(id);
          schedule.add(batch);
        },
        list: async (limit) =>
          ((await schedule.list?.(1000)) ?? [])
            .toSorted((one, other) => order.indexOf(one.id) - order.indexOf(other.id))
            .map((entry, index) => ({ ...entry, deliverAtMs: index }))
            .slice(0, limit),
      };
    }),
  },
  {
    name: "wait-for-subscribers",
    wrong: "a due message that no subscription can get waits for one",
    killedBy: ["delay.without-subscription"],
    says: "the messages that arrived",
    sabotage: sabotageDriver((driver) => {
      const bound = new Set<string>();
      const waiting = new Map<string, (() => void)[]>();
      return {
        async apply(topology, options) {
          const done = await driver.apply(topology, options);
          for (const { topic } of topology.subscriptions) {
            bound.add(topic.name);
            for (const publish of waiting.get(topic.name) ?? []) publish();
          }
          return done;
        },
        openSchedule: async (topic) => {
          const schedule = await (driver.openSchedule?.(topic) as Promise<DriverSchedule>);
          return forwardSchedule(schedule, {
            add(batch) {
              if (bound.has(topic.name)) return schedule.add(batch);
              const again = (): void => schedule.add(batch.map((one) => dueIn(one, 1)));
              waiting.set(topic.name, [...(waiting.get(topic.name) ?? []), again]);
              for (const request of batch) request.accept();
            },
          });
        },
      };
    }),
  },
];
