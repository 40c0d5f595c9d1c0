// Runs before the rest of the console has even loaded, so that the token leaves the address bar at once.
import { adoptLink } from "./auth.js";

adoptLink();
