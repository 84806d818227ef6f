//! [`Tenants`] on the table `accounts`.
//!
//! A membership is two rows, written together: one in the tenant's partition, by which its members
//! are listed, and one in the user's, by which their tenants are. The tenant counts its owners, and
//! every step that takes one asks that another is left: so owners who leave at the same moment meet
//! on that one item.

pub(super) mod items;

use super::{
    keys::{self, Key},
    table::{Table, is_made, unavailable},
    transaction::{number, text},
};
use aws_sdk_dynamodb::{Client, types::TransactWriteItem};
use domain::{
    email::EmailAddress,
    id::{InvitationId, TenantId, UserId},
    tenant::{Role, Subdomain, TenantName},
};
use items::{InvitationItem, MemberItem, MembershipItem, SubdomainItem, TenantItem};
use jiff::Timestamp;
use ports::{
    Unavailable,
    tenants::{
        AcceptError, Acceptance, ChangeTenantError, Invitation, Member, MemberError, Tenant,
        TenantChange, Tenants,
    },
};

#[derive(Clone, Debug)]
pub struct DynamoTenants {
    table: Table,
}

impl DynamoTenants {
    pub async fn connect(table: String) -> Self {
        Self { table: Table::connect(table).await }
    }

    /// For tests, which bring their own engine.
    pub fn on(client: Client, table: String) -> Self {
        Self { table: Table::on(client, table) }
    }

    async fn known(&self, tenant: &TenantId) -> Result<Tenant, Unavailable> {
        self.find(tenant).await?.ok_or_else(|| unavailable("a tenant is not there"))
    }

    async fn rename(&self, before: &Tenant, name: &TenantName) -> Result<bool, Unavailable> {
        let renamed = self
            .table
            .update(&keys::tenant(&before.id))
            .update_expression("SET #name = :name")
            .condition_expression("subdomain = :was")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(":name", text(name.as_str()))
            .expression_attribute_values(":was", text(before.subdomain.as_str()))
            .send()
            .await;
        is_made(renamed)
    }

    /// Takes the new label and gives the old one back.
    async fn relabel(&self, before: &Tenant, after: &Tenant) -> Result<(), ChangeTenantError> {
        let (id, old) = (&before.id, &before.subdomain);
        let parts = vec![
            self.table.part_put_new(
                &keys::subdomain(&after.subdomain),
                &SubdomainItem { tenant: id.clone() },
            )?,
            self.table.part_delete(&keys::subdomain(old), |it| {
                it.condition_expression("tenant = :tenant")
                    .expression_attribute_values(":tenant", text(id.as_str()))
            })?,
            self.table.part_update(&keys::tenant(id), |it| {
                it.update_expression("SET #name = :name, subdomain = :new")
                    .condition_expression("subdomain = :was")
                    .expression_attribute_names("#name", "name")
                    .expression_attribute_values(":name", text(after.name.as_str()))
                    .expression_attribute_values(":new", text(after.subdomain.as_str()))
                    .expression_attribute_values(":was", text(old.as_str()))
            })?,
        ];
        match self.table.transact(parts).await? {
            Ok(()) => Ok(()),
            // By others, since our own would have been seen as no change at all.
            Err(refused) if refused.part(0) && !refused.part(2) => Err(ChangeTenantError::Taken),
            Err(_) => Err(ChangeTenantError::LostRace),
        }
    }

    /// One owner more or less. Less only while another is left.
    fn part_owners(&self, tenant: &TenantId, by: i64) -> Result<TransactWriteItem, Unavailable> {
        self.table.part_update(&keys::tenant(tenant), |it| {
            let it = it.update_expression("SET owners = owners + :by");
            let it = it.expression_attribute_values(":by", number(by));
            if by < 0 {
                it.condition_expression("owners > :one")
                    .expression_attribute_values(":one", number(1))
            } else {
                it.condition_expression("attribute_exists(pk)")
            }
        })
    }

    fn part_role(
        &self,
        key: &Key,
        was: Role,
        role: Role,
    ) -> Result<TransactWriteItem, Unavailable> {
        self.table.part_update(key, |it| {
            it.update_expression("SET #role = :role")
                .condition_expression("#role = :was")
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":role", text(items::spelled(role)))
                .expression_attribute_values(":was", text(items::spelled(was)))
        })
    }

    fn part_forget(&self, key: &Key, was: Role) -> Result<TransactWriteItem, Unavailable> {
        self.table.part_delete(key, |it| {
            it.condition_expression("#role = :was")
                .expression_attribute_names("#role", "role")
                .expression_attribute_values(":was", text(items::spelled(was)))
        })
    }

    /// The two rows come first in `parts`, the count of owners third.
    async fn change_members(&self, parts: Vec<TransactWriteItem>) -> Result<(), MemberError> {
        match self.table.transact(parts).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.part(2) && !refused.part(0) && !refused.part(1) => {
                Err(MemberError::LastOwner)
            }
            Err(_) => Err(MemberError::LostRace),
        }
    }

    async fn member(&self, tenant: &TenantId, user: &UserId) -> Result<Member, MemberError> {
        self.find_member(tenant, user).await?.ok_or(MemberError::NotMember)
    }

    /// Takes the invitation and makes both rows, and an owner more if it is for one.
    async fn enter(&self, it: &Acceptance, role: Role) -> Result<(), AcceptError> {
        let member =
            MemberItem { user: it.user.clone(), email: it.email.to_string(), role, since: it.at };
        let mut parts = vec![self.table.part_delete(
            &keys::invitation(&it.tenant, &it.invitation),
            |delete| {
                delete
                    .condition_expression("#hash = :hash AND expires_at_s > :now")
                    .expression_attribute_names("#hash", "hash")
                    .expression_attribute_values(":hash", text(&it.token.0))
                    .expression_attribute_values(":now", number(it.at.as_second()))
            },
        )?];
        parts.extend(part_memberships(&self.table, &it.tenant, &member)?);
        if role == Role::Owner {
            parts.push(self.part_owners(&it.tenant, 1)?);
        }
        match self.table.transact(parts).await? {
            Ok(()) => Ok(()),
            Err(refused) if refused.any() => {
                // Another request of the same person may have been faster.
                let entered = self.find_member(&it.tenant, &it.user).await?.is_some();
                if entered { Ok(()) } else { Err(AcceptError::Spent) }
            }
            Err(_) => Err(AcceptError::LostRace),
        }
    }
}

/// A tenant that did not exist, and its first owner: four parts, the first of which is refused when
/// `subdomain` is taken.
pub(super) fn part_open(
    table: &Table,
    tenant: &TenantId,
    subdomain: &Subdomain,
    owner: &Member,
) -> Result<Vec<TransactWriteItem>, Unavailable> {
    let opened = TenantItem {
        name: TenantName::derived(&owner.email),
        subdomain: subdomain.clone(),
        owners: 1,
        created_at: owner.since,
    };
    let member = MemberItem {
        user: owner.user.clone(),
        email: owner.email.to_string(),
        role: owner.role,
        since: owner.since,
    };
    let mut parts = vec![
        table
            .part_put_new(&keys::subdomain(subdomain), &SubdomainItem { tenant: tenant.clone() })?,
        table.part_put_new(&keys::tenant(tenant), &opened)?,
    ];
    parts.extend(part_memberships(table, tenant, &member)?);
    Ok(parts)
}

fn part_memberships(
    table: &Table,
    tenant: &TenantId,
    member: &MemberItem,
) -> Result<[TransactWriteItem; 2], Unavailable> {
    let membership = MembershipItem { tenant: tenant.clone(), role: member.role };
    Ok([
        table.part_put_new(&keys::member(tenant, &member.user), member)?,
        table.part_put_new(&keys::membership(&member.user, tenant), &membership)?,
    ])
}

/// Everybody in `tenant`, for this port and for who writes to its owner.
pub(super) async fn members(table: &Table, tenant: &TenantId) -> Result<Vec<Member>, Unavailable> {
    let items: Vec<MemberItem> = table.partition(&keys::members_partition(tenant)).await?;
    items.into_iter().map(MemberItem::into_member).collect()
}

impl Tenants for DynamoTenants {
    async fn find(&self, tenant: &TenantId) -> Result<Option<Tenant>, Unavailable> {
        let item: Option<TenantItem> = self.table.get(&keys::tenant(tenant)).await?;
        Ok(item.map(|it| Tenant { id: tenant.clone(), name: it.name, subdomain: it.subdomain }))
    }

    async fn list_of_user(&self, user: &UserId) -> Result<Vec<(Tenant, Role)>, Unavailable> {
        let memberships: Vec<MembershipItem> =
            self.table.partition(&keys::memberships_partition(user)).await?;
        let mut tenants = Vec::new();
        for membership in memberships {
            tenants.push((self.known(&membership.tenant).await?, membership.role));
        }
        Ok(tenants)
    }

    async fn change(
        &self,
        tenant: &TenantId,
        change: &TenantChange,
    ) -> Result<Tenant, ChangeTenantError> {
        let before = self.known(tenant).await?;
        let mut after = before.clone();
        after.name = change.name.clone().unwrap_or(after.name);
        after.subdomain = change.subdomain.clone().unwrap_or(after.subdomain);
        if after.subdomain != before.subdomain {
            self.relabel(&before, &after).await?;
        } else if after.name != before.name && !self.rename(&before, &after.name).await? {
            return Err(ChangeTenantError::LostRace);
        }
        Ok(after)
    }

    async fn find_member(
        &self,
        tenant: &TenantId,
        user: &UserId,
    ) -> Result<Option<Member>, Unavailable> {
        let item: Option<MemberItem> = self.table.get(&keys::member(tenant, user)).await?;
        item.map(MemberItem::into_member).transpose()
    }

    async fn list_members(&self, tenant: &TenantId) -> Result<Vec<Member>, Unavailable> {
        members(&self.table, tenant).await
    }

    async fn change_role(
        &self,
        tenant: &TenantId,
        user: &UserId,
        role: Role,
    ) -> Result<Member, MemberError> {
        let member = self.member(tenant, user).await?;
        if member.role == role {
            return Ok(member);
        }
        let by = match role {
            Role::Owner => 1,
            Role::Member => -1,
        };
        let parts = vec![
            self.part_role(&keys::member(tenant, user), member.role, role)?,
            self.part_role(&keys::membership(user, tenant), member.role, role)?,
            self.part_owners(tenant, by)?,
        ];
        self.change_members(parts).await?;
        Ok(Member { role, ..member })
    }

    async fn remove_member(&self, tenant: &TenantId, user: &UserId) -> Result<(), MemberError> {
        let member = self.member(tenant, user).await?;
        let mut parts = vec![
            self.part_forget(&keys::member(tenant, user), member.role)?,
            self.part_forget(&keys::membership(user, tenant), member.role)?,
        ];
        if member.role == Role::Owner {
            parts.push(self.part_owners(tenant, -1)?);
        }
        // An old letter must not lead back in.
        for invitation in self.invitations_to(tenant, &member.email).await? {
            parts.push(self.table.part_delete(&keys::invitation(tenant, &invitation), |it| it)?);
        }
        self.change_members(parts).await
    }

    async fn invite(&self, invitation: &Invitation) -> Result<(), Unavailable> {
        let key = keys::invitation(&invitation.tenant, &invitation.id);
        self.table.put(&key, &InvitationItem::of(invitation)).await
    }

    async fn list_invitations(
        &self,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, Unavailable> {
        let items: Vec<InvitationItem> =
            self.table.partition(&keys::invitations_partition(tenant)).await?;
        items
            .into_iter()
            // DynamoDB expires items within days, not at their second.
            .filter(|it| it.expires_at_s > now.as_second())
            .map(|it| it.into_invitation(tenant))
            .collect()
    }

    async fn withdraw_invitation(
        &self,
        tenant: &TenantId,
        invitation: &InvitationId,
    ) -> Result<bool, Unavailable> {
        let deleted = self.table.delete_existing(&keys::invitation(tenant, invitation)).await?;
        Ok(deleted.is_some())
    }

    async fn accept(&self, acceptance: &Acceptance) -> Result<(), AcceptError> {
        let (tenant, user) = (&acceptance.tenant, &acceptance.user);
        // Before any choice: on a repeat the invitation is gone, by us.
        if self.find_member(tenant, user).await?.is_some() {
            return Ok(());
        }
        let key = keys::invitation(tenant, &acceptance.invitation);
        let item: Option<InvitationItem> = self.table.get(&key).await?;
        let open = item.filter(|it| {
            it.hash == acceptance.token.0 && it.expires_at_s > acceptance.at.as_second()
        });
        let open = open.ok_or(AcceptError::Spent)?;
        if open.email != acceptance.email.as_str() {
            return Err(AcceptError::OtherAddress);
        }
        self.enter(acceptance, open.role).await
    }
}

impl DynamoTenants {
    async fn invitations_to(
        &self,
        tenant: &TenantId,
        email: &EmailAddress,
    ) -> Result<Vec<InvitationId>, Unavailable> {
        let all = self.list_invitations(tenant, Timestamp::UNIX_EPOCH).await?;
        Ok(all.into_iter().filter(|it| it.email == *email).map(|it| it.id).collect())
    }
}
