import {
  type DriverContext,
  pause,
  PubSubError,
  retryPauseMs,
  timeLeft,
  untilAborted,
  within,
} from "@anytopic/core/driver";
import type { ErrorReply } from "@redis/client";
import { replyWord, toPubSubError } from "../errors.ts";
import type { CheckedOptions } from "../options.ts";
import { shownAddress } from "./address.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { type RedisClient, type Command, dial, DIAL_TIMEOUT_MS, type Dialled } from "./dial.ts";
import { type Locator, worstOf } from "./locate.ts";
import { requireSuitable } from "./require-suitable.ts";

/** After so many unanswered probes in a row the connection ends. */
const MAX_UNANSWERED = 2;
/** The server says that another one is in charge now. */
const ELSEWHERE = new Set(["READONLY", "MOVED", "ASK", "CLUSTERDOWN"]);
const FIRST_CONNECTION_MS = 10_000;

export interface LineListener {
  /** The server may be another one than before. Not awaited. Called before `up`. */
  dialled?(dialled: Dialled): void;
  /** Whatever was under way was rejected. */
  lost(error: PubSubError): void;
  up(): void;
  /** Still connected, and no answer comes; or an answer came again. */
  answering(error: PubSubError | undefined): void;
  /** A new dial has failed. */
  failed(error: PubSubError): void;
}

/** A connection to whichever server is in charge, dialled again without end when it is lost. */
export class Line {
  readonly #locator: Locator;
  readonly #slot: number | undefined;
  readonly #options: CheckedOptions;
  readonly #context: DriverContext;
  readonly #listener: LineListener;
  readonly #answers: AnswerWatch;
  readonly #closing = new AbortController();
  #current: Dialled | undefined;
  /** Of the current connection. One function for all its commands. */
  #onRefusal: (error: unknown) => void = () => {};

  /** @param slot the hash slot whose owner is dialled, in a cluster */
  constructor(
    locator: Locator,
    slot: number | undefined,
    options: CheckedOptions,
    context: DriverContext,
    listener: LineListener,
  ) {
    this.#locator = locator;
    this.#slot = slot;
    this.#options = options;
    this.#context = context;
    this.#listener = listener;
    this.#answers = new AnswerWatch(context.clock, options.pingIntervalMs, {
      ask: async () => this.#ask(),
      answering: () => listener.answering(undefined),
      silent: (unanswered) => this.#onSilence(unanswered),
    });
  }

  get client(): RedisClient | undefined {
    return this.#current?.client;
  }

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  /** Makes the first connection, within 10 s. @throws PubSubError */
  async open(signal?: AbortSignal): Promise<Dialled> {
    const either = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal]);
    const dialling = this.dial(FIRST_CONNECTION_MS);
    try {
      const dialled = await untilAborted(dialling, either);
      this.#adopt(dialled);
      return dialled;
    } catch (error) {
      // A dial that was given up may still succeed.
      dialling.then(
        (dialled) => dialled.end(),
        () => {},
      );
      if (signal?.aborted === true) throw signal.reason;
      throw toPubSubError(error, "connect to Redis");
    }
  }

  /**
   * Returns `undefined` when there is no connection: commands are never kept, and never sent twice. When the server says that another one is in
   * charge now, the connection ends. `isWatched` false is for all but the last of several commands: the last one is refused as well.
   */
  send(parts: Command, isWatched = true): Promise<unknown> | undefined {
    const dialled = this.#current;
    if (dialled === undefined) return undefined;
    const reply = dialled.client.sendCommand(parts);
    if (isWatched) reply.then(undefined, this.#onRefusal);
    return reply;
  }

  /** Ends the connection for a new one. */
  drop(reason: PubSubError): void {
    if (this.#current !== undefined) this.#lose(this.#current, reason);
  }

  /** Resolves within `timeoutMs`; then no socket and no timer is left. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const dialled = this.#current;
    this.#current = undefined;
    this.#answers.stop();
    this.#closing.abort(new PubSubError("CLOSED", "the connection to Redis is closed"));
    if (dialled === undefined) return;
    // Its answer comes after those of all commands before it.
    await within(this.#context.clock, timeoutMs, Promise.race([dialled.client.sendCommand(["PING"]), dialled.lost]));
    dialled.end();
  }

  #adopt(dialled: Dialled): void {
    this.#current = dialled;
    this.#onRefusal = (error): void => {
      if (ELSEWHERE.has(replyWord(error))) this.#lose(dialled, error);
    };
    this.#answers.start();
    void dialled.lost.then((cause) => this.#lose(dialled, cause));
  }

  #lose(dialled: Dialled, cause: unknown): void {
    if (this.#current !== dialled) return;
    this.#current = undefined;
    this.#answers.stop();
    dialled.end();
    const error = toPubSubError(cause, `Redis at ${shownAddress(dialled.address)}`);
    this.#listener.lost(error);
    void this.#repair(error);
  }

  async #repair(reason: PubSubError): Promise<void> {
    const { clock, random } = this.#context;
    const { signal } = this.#closing;
    let error = reason;
    for (let failures = 1; !signal.aborted; failures += 1) {
      await pause(clock, retryPauseMs(failures, random, error), signal);
      if (signal.aborted) return;
      try {
        const dialled = await this.dial();
        if (signal.aborted) return dialled.end();
        this.#adopt(dialled);
        this.#listener.dialled?.(dialled);
        return this.#listener.up();
      } catch (failure) {
        if (signal.aborted) return;
        error = toPubSubError(failure, "connect to Redis");
        this.#listener.failed(error);
      }
    }
  }

  /** Dials whichever server is in charge now. The result belongs to the caller. @throws PubSubError */
  async dial(timeoutMs: number = DIAL_TIMEOUT_MS): Promise<Dialled> {
    const { clock } = this.#context;
    const leftMs = timeLeft(clock, timeoutMs);
    const servers = await this.#locator.find(this.#slot, timeoutMs * 0.6);
    const failures: PubSubError[] = [];
    for (const [index, server] of servers.entries()) {
      const shareMs = Math.min(DIAL_TIMEOUT_MS, leftMs() / (servers.length - index));
      try {
        const dialled = await dial(server, this.#options, this.#locator.login, clock, shareMs);
        requireSuitable(dialled, this.#options);
        return dialled;
      } catch (error) {
        failures.push(toPubSubError(error, `connect to Redis at ${shownAddress(server)}`));
      }
      this.#closing.signal.throwIfAborted();
    }
    throw worstOf(failures);
  }

  async #ask(): Promise<void> {
    await this.#current?.client.sendCommand(["PING"]).catch((error: ErrorReply) => {
      // A refusal is an answer.
      if (replyWord(error) === "") throw error;
    });
  }

  #onSilence(unanswered: number): void {
    const error = new PubSubError("UNAVAILABLE", "the Redis server does not answer");
    if (unanswered >= MAX_UNANSWERED) this.drop(error);
    else this.#listener.answering(error);
  }
}
