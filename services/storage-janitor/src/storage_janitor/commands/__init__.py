"""What an operator may do by hand: `storage-janitor <command>`; exit code 3 when something was held back."""

COMMANDS = {
    "policy": "storage_janitor.commands.policy:policy",
    "sweep": "storage_janitor.commands.sweep:sweep",
    "plans": "storage_janitor.commands.plans:plans",
    "ledger": "storage_janitor.commands.ledger:ledger",
    "holds": "storage_janitor.commands.holds:holds",
    "lifecycle": "storage_janitor.commands.lifecycle:lifecycle",
    "erase": "storage_janitor.commands.erase:erase",
    "delete-r2-legacy": "storage_janitor.commands.legacy:delete_r2_legacy",
}
