import { connect } from "@anytopic/core";
const p = await connect(process.env["ANYTOPIC_URL"]!); console.log("connected", p.server); await p.close();
