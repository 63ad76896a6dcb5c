import { connect } from "@anytopic/core";
import { adapterModule } from "@anytopic/redis";
void (async () => { const pubsub = await connect(process.env["URL_redis"]!, { adapters: [adapterModule] }).catch((e: any) => { console.log(e.code, e.message.slice(0,300)); });
console.log("server", pubsub?.server); await pubsub?.close(); })();
